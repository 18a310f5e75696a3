//! The cache on stand-ins for AWS, with a clock that tests turn, and with many processes.

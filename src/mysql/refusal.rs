//! What a client is told in place of a greeting when there is no way to the database.

/// `ER_UNKNOWN_ERROR`: servers send it for what has no number of its own.
const UNKNOWN_ERROR: u16 = 1105;

/// The protocol's limit for an error's text, `MYSQL_ERRMSG_SIZE`.
const LONGEST_MESSAGE: usize = 512;

/// An error packet (`ERR_Packet` of the client/server protocol) that every client shows as the server's answer to its
/// connecting. Without an SQLSTATE, which has no place before the capabilities are agreed upon.
pub fn refusal(message: &str) -> Vec<u8> {
    let mut end = message.len().min(LONGEST_MESSAGE);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let text = message.get(..end).unwrap_or_default();
    let mut payload = vec![0xFF];
    payload.extend(UNKNOWN_ERROR.to_le_bytes());
    payload.extend(text.as_bytes());
    // Three bytes of length, which 515 fits into, and the sequence number.
    let [low, high] = u16::try_from(payload.len()).unwrap_or_default().to_le_bytes();
    let mut packet = vec![low, high, 0, 0];
    packet.extend(payload);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_packet_of_the_stated_length() {
        assert_eq!(refusal("no"), b"\x05\0\0\0\xFF\x51\x04no");
        let long = refusal(&"ü".repeat(600));
        assert_eq!(usize::from(u16::from_le_bytes([long[0], long[1]])), long.len() - 4);
        assert!(std::str::from_utf8(&long[7..]).is_ok_and(|text| text.len() <= LONGEST_MESSAGE));
    }
}

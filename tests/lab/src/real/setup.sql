-- What only the real database holds, beside the sample that both have. Run once, while the data folder is made.
-- Each statement ends a line: the server's bootstrap reader wants it so.
CREATE DATABASE orders CHARACTER SET utf8mb4;
USE orders;
SET sql_mode = '';
SET NAMES utf8mb4;

-- One row of extremes, one of ordinary values, one of nothing.
CREATE TABLE extreme_values (
  id INT NOT NULL PRIMARY KEY,
  decimal_value DECIMAL(30,10), bigint_unsigned BIGINT UNSIGNED, bigint_signed BIGINT, tinyint_value TINYINT,
  float_value FLOAT, double_value DOUBLE, bit64 BIT(64), bit1 BIT(1),
  date_value DATE, datetime6 DATETIME(6), timestamp_value TIMESTAMP NULL, time6 TIME(6), year_value YEAR,
  char_value CHAR(10), varchar_value VARCHAR(200), text_value TEXT,
  binary_value BINARY(4), varbinary_value VARBINARY(300), blob_value BLOB,
  enum_value ENUM('small','large'), set_value SET('a','b','c'), json_value JSON, point_value POINT
) ENGINE=InnoDB CHARACTER SET utf8mb4;
INSERT INTO extreme_values VALUES (1,
  -12345678901234567890.0123456789, 18446744073709551615, -9223372036854775808, -128,
  3.4028235e38, 2.2250738585072014e-308, b'1000000000000000000000000000000000000000000000000000000000000001', b'1',
  '0000-00-00', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07', '-838:59:59.000000', 2155,
  'tab\there', 'line\nbreak, "quote", back\\slash, \Z nul:\0', CONCAT('emoji ', _utf8mb4 X'F09F90AC', ' escape ', CHAR(27), '[31m'),
  X'00FF0A09', X'DEADBEEF0022275C', X'',
  'large', 'a,c', '{"a": [1, 2.50, "x\\u0000"], "b": null}', POINT(1.5, -2.25));
INSERT INTO extreme_values VALUES (2,
  0.1, 0, 1, 1, 0.1, 0.1, 0, 0, '2024-02-29', '2024-02-29 12:00:00.000001', '2024-02-29 12:00:00', '12:34:56.5', 1999,
  'NULL', '', '\\N', X'00', X'', X'80', 'small', '', '[]', POINT(0, 0));
INSERT INTO extreme_values (id) VALUES (3);

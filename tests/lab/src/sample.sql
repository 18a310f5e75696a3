-- The lab's data: a small shop, and a table with the values that are easily spoilt on the way to a file.
-- For MySQL, MariaDB and the embedded database alike, so that one test runs on all of them.
-- Each statement ends a line: the bootstrap reader of the real server wants it so.
CREATE DATABASE orders CHARACTER SET utf8mb4;
USE orders;
SET sql_mode = '';
SET NAMES utf8mb4;

CREATE TABLE customers (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(100) NOT NULL,
  email VARCHAR(120) DEFAULT NULL,
  city VARCHAR(100) DEFAULT NULL,
  credit DECIMAL(12,2) DEFAULT NULL,
  created_at DATETIME(6) NOT NULL DEFAULT '2024-01-01 00:00:00.000000',
  UNIQUE KEY email (email)
) ENGINE=InnoDB CHARACTER SET utf8mb4;
INSERT INTO customers (name, email, city, credit, created_at) VALUES
  ('Ada Lovelace', 'ada@acme.example', 'London', 1024.50, '2024-01-15 09:30:00.123456'),
  ('Grace Hopper', 'grace@acme.example', 'New York', 0, '2024-02-20 10:00:00.000000'),
  ('Jürgen Müller', 'juergen@acme.example', 'Zürich', -3.10, '2024-03-05 11:45:30.500000'),
  ('山田 太郎', NULL, NULL, NULL, '2024-04-01 00:00:00.000001');

CREATE TABLE `order` (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  placed_at DATETIME NOT NULL,
  total DECIMAL(12,2) NOT NULL,
  state ENUM('new','paid','shipped','cancelled') NOT NULL DEFAULT 'new',
  note TEXT,
  KEY customer_id (customer_id)
) ENGINE=InnoDB CHARACTER SET utf8mb4;
INSERT INTO `order` (customer_id, placed_at, total, state, note) VALUES
  (1, '2024-05-01 12:00:00', 19.99, 'paid', NULL),
  (1, '2024-05-02 13:30:00', 250.00, 'shipped', 'Fragile: handle with care'),
  (2, '2024-05-03 08:15:00', 1234567890.12, 'new', 'Two\nlines and a\ttab'),
  (3, '2024-05-04 23:59:59', 0.05, 'cancelled', 'He said "no", it''s over'),
  (4, '2024-05-05 00:00:00', 42.50, 'new', '');

-- One row of extremes, one of ordinary values, one of nothing.
CREATE TABLE every_type (
  id INT NOT NULL PRIMARY KEY,
  decimal_value DECIMAL(30,10), bigint_unsigned BIGINT UNSIGNED, bigint_signed BIGINT, tinyint_value TINYINT,
  float_value FLOAT, double_value DOUBLE, bit64 BIT(64), bit1 BIT(1),
  date_value DATE, datetime6 DATETIME(6), timestamp_value TIMESTAMP NULL, time6 TIME(6), year_value YEAR,
  char_value CHAR(10), varchar_value VARCHAR(200), text_value TEXT,
  binary_value BINARY(4), varbinary_value VARBINARY(300), blob_value BLOB,
  enum_value ENUM('small','large'), set_value SET('a','b','c'), json_value JSON, point_value POINT
) ENGINE=InnoDB CHARACTER SET utf8mb4;
INSERT INTO every_type VALUES (1,
  -12345678901234567890.0123456789, 18446744073709551615, -9223372036854775808, -128,
  3.4028235e38, 2.2250738585072014e-308, b'1000000000000000000000000000000000000000000000000000000000000001', b'1',
  '0000-00-00', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07', '-838:59:59.000000', 2155,
  'tab\there', 'line\nbreak, "quote", back\\slash, \Z nul:\0', CONCAT('emoji ', _utf8mb4 X'F09F90AC', ' escape ', CHAR(27), '[31m'),
  X'00FF0A09', X'DEADBEEF0022275C', X'',
  'large', 'a,c', '{"a": [1, 2.50, "x\\u0000"], "b": null}', POINT(1.5, -2.25));
INSERT INTO every_type VALUES (2,
  0.1, 0, 1, 1, 0.1, 0.1, 0, 0, '2024-02-29', '2024-02-29 12:00:00.000001', '2024-02-29 12:00:00', '12:34:56.5', 1999,
  'NULL', '', '\\N', X'00', X'', X'80', 'small', '', '[]', POINT(0, 0));
INSERT INTO every_type (id) VALUES (3);

-- The lab's data: a small shop, and a table with the values that are easily spoilt on the way to a file.
-- For MySQL, MariaDB and the embedded database alike, so that one case runs on all of them. Each statement ends a line:
-- the bootstrap reader of the real server wants it so.
create database if not exists orders character set utf8mb4;
use orders;
set sql_mode = '';
set names utf8mb4;
create table if not exists customers (
  id int unsigned not null auto_increment primary key,
  name varchar(80) not null,
  email varchar(120) default null,
  created_at datetime(6) not null default '2024-01-01 00:00:00.000000',
  unique key email (email)
);
create table if not exists `order` (
  id bigint unsigned not null auto_increment primary key,
  customer_id int unsigned not null,
  placed_at datetime not null,
  total decimal(12,2) not null,
  state enum('new','paid','shipped','cancelled') not null default 'new',
  note text,
  key customer_id (customer_id)
);
insert into customers (name, email, created_at) values
  ('Ada Lovelace', 'ada@acme.example', '2024-01-15 09:30:00.123456'),
  ('Grace Hopper', 'grace@acme.example', '2024-02-20 10:00:00.000000'),
  ('Jürgen Müller', 'jürgen@acme.example', '2024-03-05 11:45:30.500000'),
  ('山田 太郎', null, '2024-04-01 00:00:00.000001');
insert into `order` (customer_id, placed_at, total, state, note) values
  (1, '2024-05-01 12:00:00', 19.99, 'paid', null),
  (1, '2024-05-02 13:30:00', 250.00, 'shipped', 'Fragile: handle with care'),
  (2, '2024-05-03 08:15:00', 1234567890.12, 'new', 'Two\nlines and a\ttab'),
  (3, '2024-05-04 23:59:59', 0.05, 'cancelled', 'He said "no", it''s over'),
  (4, '2024-05-05 00:00:00', 42.50, 'new', '');
create table if not exists every_type (
  id int not null primary key,
  tiny tinyint default null,
  small smallint unsigned default null,
  medium mediumint default null,
  big bigint default null,
  big_unsigned bigint unsigned default null,
  exact decimal(30,10) default null,
  single float default null,
  double_value double default null,
  bits bit(10) default null,
  day date default null,
  clock time(3) default null,
  moment datetime(6) default null,
  year_value year default null,
  fixed char(5) default null,
  variable varchar(50) default null,
  long_text longtext,
  fixed_bytes binary(4) default null,
  some_bytes varbinary(20) default null,
  large_bytes blob,
  document json default null,
  choice enum('a','b') default null,
  choices set('x','y','z') default null
);
insert into every_type values
  (1, -128, 65535, -8388608, -9223372036854775808, 18446744073709551615, 12345678901234567890.0123456789, 0.1, 2.5e-20,
   b'1100000001', '2024-02-29', '-838:59:58.999', '9999-12-31 23:59:59.999999', 2155, 'abc', 'tab\there', 'long\nlines',
   x'00ff10', x'000102fdfeff', x'89504e470d0a1a0a', '{"a": [1, 2.50, "x"], "b": null}', 'a', 'x,z'),
  (2, 0, 0, 0, 9007199254740993, 9223372036854775808, -0.0000000001, -1.5, 1e300,
   0, '1000-01-01', '00:00:00', '1000-01-01 00:00:00', 1901, '', '', '', x'', x'', x'', '[]', 'b', ''),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
   null, null, null),
  (4, 127, 1, 1, 1, 1, 1, 1, 1, b'1', '2024-01-01', '12:34:56.7', '2024-01-01 01:02:03.4', 2024, 'é', 'NULL', '\\N',
   x'41424344', 'text', 'text', '"just text"', 'a', 'y');
-- One row of extremes, one of ordinary values, one of nothing.
CREATE TABLE IF NOT EXISTS extreme_values (
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

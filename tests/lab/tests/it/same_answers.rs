//! The embedded database held against a real one: the same statements through the same client, the same bytes back.
//! Tests that run on both back ends rest on this.

use std::path::Path;
use std::process::{Command, Output};
use std::time::SystemTime;

use rdsconn_lab::real::{RealLab, static_key};
use rdsconn_lab::verifier::LONGEST_LIFE;

use crate::rig::Rig;

const ALIKE: &[&str] = &[
    "select * from customers order by id",
    "select * from `order` order by id",
    "select * from every_type order by id",
    "select * from extreme_values order by id",
    "select hex(bit64), hex(binary_value), hex(text_value) from extreme_values where id = 1",
    "select bigint_unsigned from extreme_values where bigint_unsigned > 1 order by bigint_unsigned desc",
    "select id from `order` where total > 42.4 order by total desc",
    "select min(total), max(total) from `order`",
    "select id from extreme_values order by decimal_value desc",
    "select st_astext(point_value) from extreme_values order by id",
    "select 1, -1, 1.50, 'x', null, x'4142', 0x43, true, 'a' 'b', \"it's\", 'tab\\there'",
    "select 1 + 1, concat('a', 1, null), concat('a', 1), if(1 < 2, 'yes', 'no'), ifnull(null, 3)",
    "select length('é'), char_length('é')",
    "select 7 div 2, 7 % 4, 1 <=> null, null <=> null, !0, 1 || 0, 1 && 0",
    "select left('abc', 2), right('abc', 2), upper('x'), repeat('ab', 3), coalesce(null, 'c')",
    "select cast(1 as decimal(10,3)), cast('12' as signed), cast(3 as char), cast(18446744073709551615 as unsigned)",
    "select current_user(), database()",
    "select count(*), sum(seq), max(seq) from seq_1_to_1000",
    "select seq from seq_10_to_30_step_10",
    "select c.name, count(o.id) n from customers c left join `order` o on o.customer_id = c.id \
     group by c.id, c.name order by c.id",
    "select name from orders.customers where id in (select customer_id from orders.`order` where state = 'new') order by id",
    "with recursive t(n) as (select 1 union all select n + 1 from t where n < 4) select n from t",
    "select name from customers where name like 'Ada%' limit 1",
    "select name from customers where email = 'ADA@acme.example'",
    "select 1 union all select 2",
    "show tables",
    "create table t_alike (id int not null auto_increment primary key, v decimal(5,2) default 1.5, b varbinary(4), \
     u bigint unsigned); insert into t_alike (b, u) values (x'00ff', 18446744073709551615), (null, 0); \
     insert into t_alike (v) values (-2); update t_alike set v = v where id = 1; select * from t_alike order by id; \
     select last_insert_id(); delete from t_alike where id = 1; \
     insert into t_alike (id, v) values (2, 9) on duplicate key update v = values(v); \
     select id, v from t_alike order by v desc; replace into t_alike (id, v) values (2, 8); \
     select count(*) from t_alike; truncate table t_alike; select count(*) from t_alike; drop table t_alike",
    "begin; update customers set name = 'nobody' where id = 1; select name from customers where id = 1; rollback; \
     select name from customers where id = 1",
    "set @a = 5; select @a, @never; set session wait_timeout = 100; select @@session.wait_timeout, @@wait_timeout",
    "drop table if exists never_was; show warnings",
    "select sleep(0)",
    "-- a comment\nselect /* inside */ 1 # behind\n",
    "select 1 as `odd ``name```, 2 as 'two words'",
    // Errors: number and state are compared, the words differ between the two makers.
    "selec 1",
    "select * from never_was",
    "select never_was from customers",
    "insert into customers (id, name) values (1, 'again')",
    "insert into customers (name, email) values ('x', 'ada@acme.example')",
    "insert into customers (name) values (null)",
    "insert into customers values (1)",
    "use never_was",
    "use orders and more",
    // Names and mistakes in MySQL, places for values in the engine.
    "select $$",
    "select ?",
    "select @@never_was",
    "create table customers (id int)",
    "drop table never_was",
    "kill 99999999",
    "select 1; select 2; selec 3; select 4",
];

fn client(port: u16, ca: &Path, token: &str, sql: &str) -> Output {
    Command::new("mariadb")
        .args(["--no-defaults", "--protocol=TCP", "--host=127.0.0.1", "--user=dba", "--batch"])
        .arg("--default-character-set=utf8mb4")
        .arg(format!("--port={port}"))
        .arg(format!("--ssl-ca={}", ca.display()))
        .args(["orders", "-e", sql])
        .env("MYSQL_PWD", token)
        .output()
        .unwrap()
}

/// `ERROR 1064 (42000` of a message; the whole text where there is none.
fn number(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    match text.find("ERROR ").and_then(|at| text.get(at..)?.split_once(')')) {
        Some((head, _)) => head.to_owned(),
        None => text,
    }
}

#[test]
fn the_embedded_database_answers_as_a_real_one() {
    let Some(real) = RealLab::start_or_skip() else { return };
    let embedded = Rig::new();
    let folder = tempfile::tempdir().unwrap();
    let files = embedded.certificates.write_to(folder.path()).unwrap();
    let real_token = real.gate().verifier().sign(&static_key(), "dba", SystemTime::now(), LONGEST_LIFE);
    let embedded_token = embedded.token("dba");
    let mut differences = Vec::new();
    for sql in ALIKE {
        let expected = client(real.database().port(), real.ca_file(), &real_token, sql);
        let given = client(embedded.database.address().port(), &files.ca, &embedded_token, sql);
        if (&expected.stdout, number(&expected)) != (&given.stdout, number(&given)) {
            differences.push(format!(
                "{sql}\n  real     {}{}\n  embedded {}{}\n",
                String::from_utf8_lossy(&expected.stdout),
                String::from_utf8_lossy(&expected.stderr),
                String::from_utf8_lossy(&given.stdout),
                String::from_utf8_lossy(&given.stderr)
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.concat());
}

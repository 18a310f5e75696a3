//! The embedded database against real clients: the driver that rdsconn uses, and the `mariadb` program.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Opts, SslOpts, Value};
use rdsconn_lab::verifier::{LONGEST_LIFE, Verifier};

use crate::rig::{Rig, server_error};

#[tokio::test]
async fn a_token_logs_in_with_either_first_plugin_and_either_end_of_rows() {
    for plugin in ["mysql_native_password", "caching_sha2_password"] {
        for deprecate_eof in [true, false] {
            let rig = Rig::with(|options| {
                options.plugin = plugin.to_owned();
                options.deprecate_eof = deprecate_eof;
            });
            let mut connection = rig.log_in("dba").await;
            let row: (String, String, String, u32) = connection
                .query_first("select user(), current_user(), database(), connection_id()")
                .await
                .unwrap()
                .unwrap();
            assert_eq!(row, ("dba@127.0.0.1".into(), "dba@%".into(), "orders".into(), connection.id()));
            connection.ping().await.unwrap();
            connection.reset().await.unwrap();
            let seen = &rig.database.logins()[0];
            assert!(seen.secure && seen.switched);
            connection.disconnect().await.unwrap();
        }
    }
}

#[tokio::test]
async fn tokens_are_refused_as_rds_refuses_them() {
    let rig = Rig::new();
    let now = SystemTime::now();
    let other_region = Verifier { region: "eu-west-1".into(), ..rig.verifier.clone() };
    for (user, token, reason) in [
        ("reader", rig.token("dba"), "the token is for user dba"),
        ("dba", rig.verifier.sign(&rig.key, "dba", now - Duration::from_secs(901), LONGEST_LIFE), "expired"),
        ("dba", other_region.sign(&rig.key, "dba", now, LONGEST_LIFE), "region eu-west-1"),
        ("nobody", rig.token("nobody"), "no such user"),
        ("plain", rig.token("plain"), "wrong password"),
    ] {
        let result = Conn::new(Opts::from(rig.options(user, &token))).await;
        assert_eq!(server_error(result), (1045, "28000".to_owned()), "{reason}");
        let refusals = rig.database.refusals();
        assert!(refusals.last().unwrap().contains(reason), "{refusals:?} lacks {reason}");
    }
    let off = Rig::with(|options| options.iam = false);
    let result = Conn::new(Opts::from(off.options("dba", &off.token("dba")))).await;
    assert_eq!(server_error(result), (1524, "HY000".to_owned()));
    let missing = Conn::new(Opts::from(rig.options("dba", &rig.token("dba")).db_name(Some("nope")))).await;
    assert_eq!(server_error(missing).0, 1049);
    Conn::new(Opts::from(rig.options("plain", "p'w"))).await.unwrap();
}

#[tokio::test]
async fn a_client_without_tls_is_refused_before_it_says_its_token() {
    let rig = Rig::with(|options| options.record = true);
    let token = rig.token("dba");
    let clear = rig.options("dba", &token).ssl_opts(None::<SslOpts>);
    assert_eq!(server_error(Conn::new(Opts::from(clear)).await), (3159, "HY000".to_owned()));
    let signature = token.rsplit('=').next().unwrap();
    assert!(!rig.database.record().contains(signature.as_bytes()));
    // The record does see a token that arrives.
    Conn::new(Opts::from(rig.options("dba", &token))).await.unwrap();
    assert!(rig.database.record().contains(signature.as_bytes()));
}

#[tokio::test]
async fn every_type_keeps_its_value_and_its_type() {
    use mysql_async::consts::{ColumnFlags, ColumnType as T};
    let rig = Rig::new();
    let mut connection = rig.log_in("dba").await;
    let mut result = connection.query_iter("select * from every_type order by id limit 1").await.unwrap();
    let columns = result.columns().unwrap();
    let kinds: Vec<T> = columns.iter().map(mysql_async::Column::column_type).collect();
    assert_eq!(
        kinds,
        [
            T::MYSQL_TYPE_LONG,
            T::MYSQL_TYPE_TINY,
            T::MYSQL_TYPE_SHORT,
            T::MYSQL_TYPE_INT24,
            T::MYSQL_TYPE_LONGLONG,
            T::MYSQL_TYPE_LONGLONG,
            T::MYSQL_TYPE_NEWDECIMAL,
            T::MYSQL_TYPE_FLOAT,
            T::MYSQL_TYPE_DOUBLE,
            T::MYSQL_TYPE_BIT,
            T::MYSQL_TYPE_DATE,
            T::MYSQL_TYPE_TIME,
            T::MYSQL_TYPE_DATETIME,
            T::MYSQL_TYPE_YEAR,
            T::MYSQL_TYPE_STRING,
            T::MYSQL_TYPE_VAR_STRING,
            T::MYSQL_TYPE_BLOB,
            T::MYSQL_TYPE_STRING,
            T::MYSQL_TYPE_VAR_STRING,
            T::MYSQL_TYPE_BLOB,
            T::MYSQL_TYPE_JSON,
            T::MYSQL_TYPE_STRING,
            T::MYSQL_TYPE_STRING,
        ]
    );
    assert!(columns[5].flags().contains(ColumnFlags::UNSIGNED_FLAG));
    assert!(columns[0].flags().contains(ColumnFlags::PRI_KEY_FLAG | ColumnFlags::NOT_NULL_FLAG));
    assert_eq!((columns[15].character_set(), columns[18].character_set()), (255, 63));
    assert_eq!((columns[6].decimals(), columns[12].decimals()), (10, 6));
    assert_eq!((&*columns[6].schema_str(), &*columns[6].table_str()), ("orders", "every_type"));
    let row = result.next().await.unwrap().unwrap();
    let values: Vec<Value> = row.unwrap();
    let expected: [&[u8]; 23] = [
        b"1",
        b"-128",
        b"65535",
        b"-8388608",
        b"-9223372036854775808",
        b"18446744073709551615",
        b"12345678901234567890.0123456789",
        b"0.1",
        b"2.5e-20",
        b"\x03\x01",
        b"2024-02-29",
        b"-838:59:58.999",
        b"9999-12-31 23:59:59.999999",
        b"2155",
        b"abc",
        b"tab\there",
        b"long\nlines",
        b"\x00\xff\x10\x00",
        b"\x00\x01\x02\xfd\xfe\xff",
        b"\x89PNG\r\n\x1a\n",
        br#"{"a": [1, 2.50, "x"], "b": null}"#,
        b"a",
        b"x,z",
    ];
    for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
        // The driver gives text-protocol values as bytes.
        assert_eq!(value, &Value::Bytes(expected.to_vec()), "column {index}");
    }
}

#[tokio::test]
async fn extreme_values_keep_their_types() {
    use mysql_async::consts::{ColumnFlags, ColumnType as T};
    let rig = Rig::new();
    let mut connection = rig.log_in("dba").await;
    let mut result = connection.query_iter("select * from extreme_values order by id limit 1").await.unwrap();
    let columns = result.columns().unwrap();
    let row: Vec<Value> = result.next().await.unwrap().unwrap().unwrap();
    let expected: [(T, &[u8]); 24] = [
        (T::MYSQL_TYPE_LONG, b"1"),
        (T::MYSQL_TYPE_NEWDECIMAL, b"-12345678901234567890.0123456789"),
        (T::MYSQL_TYPE_LONGLONG, b"18446744073709551615"),
        (T::MYSQL_TYPE_LONGLONG, b"-9223372036854775808"),
        (T::MYSQL_TYPE_TINY, b"-128"),
        (T::MYSQL_TYPE_FLOAT, b"3.40282e38"),
        (T::MYSQL_TYPE_DOUBLE, b"2.2250738585072014e-308"),
        (T::MYSQL_TYPE_BIT, b"\x80\0\0\0\0\0\0\x01"),
        (T::MYSQL_TYPE_BIT, b"\x01"),
        (T::MYSQL_TYPE_DATE, b"0000-00-00"),
        (T::MYSQL_TYPE_DATETIME, b"9999-12-31 23:59:59.999999"),
        (T::MYSQL_TYPE_TIMESTAMP, b"2038-01-19 03:14:07"),
        (T::MYSQL_TYPE_TIME, b"-838:59:59.000000"),
        (T::MYSQL_TYPE_YEAR, b"2155"),
        (T::MYSQL_TYPE_STRING, b"tab\there"),
        (T::MYSQL_TYPE_VAR_STRING, b"line\nbreak, \"quote\", back\\slash, \x1a nul:\0"),
        (T::MYSQL_TYPE_BLOB, b"emoji \xf0\x9f\x90\xac escape \x1b[31m"),
        (T::MYSQL_TYPE_STRING, b"\x00\xff\x0a\x09"),
        (T::MYSQL_TYPE_VAR_STRING, b"\xde\xad\xbe\xef\x00\x22\x27\x5c"),
        (T::MYSQL_TYPE_BLOB, b""),
        (T::MYSQL_TYPE_STRING, b"large"),
        (T::MYSQL_TYPE_STRING, b"a,c"),
        (T::MYSQL_TYPE_JSON, br#"{"a": [1, 2.50, "x\u0000"], "b": null}"#),
        (T::MYSQL_TYPE_GEOMETRY, &[0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 2, 0xc0]),
    ];
    assert_eq!(row.len(), expected.len());
    for ((column, value), (kind, text)) in columns.iter().zip(&row).zip(expected) {
        // The driver gives text-protocol values as bytes.
        assert_eq!((column.column_type(), value), (kind, &Value::Bytes(text.to_vec())), "{}", column.name_str());
    }
    assert!(columns[2].flags().contains(ColumnFlags::UNSIGNED_FLAG));
    assert!(columns[0].flags().contains(ColumnFlags::PRI_KEY_FLAG | ColumnFlags::NOT_NULL_FLAG));
    assert!(
        columns[20].flags().contains(ColumnFlags::ENUM_FLAG) && columns[21].flags().contains(ColumnFlags::SET_FLAG)
    );
    assert_eq!((columns[15].character_set(), columns[18].character_set()), (255, 63));
    assert_eq!((columns[1].decimals(), columns[10].decimals()), (10, 6));
    assert_eq!((&*columns[1].schema_str(), &*columns[1].table_str()), ("orders", "extreme_values"));
}

#[tokio::test]
async fn statements_changes_errors_and_warnings_are_mysqls() {
    let rig = Rig::new();
    let mut connection = rig.log_in("dba").await;
    connection.query_drop("insert into customers (name) values ('x'), ('it\\'s')").await.unwrap();
    assert_eq!((connection.affected_rows(), connection.last_insert_id()), (2, Some(5)));
    connection.query_drop("update customers set name = \"y\" where id in (5, 6)").await.unwrap();
    assert_eq!((connection.affected_rows(), &*connection.info()), (2, "Rows matched: 2  Changed: 2  Warnings: 0"));
    connection.query_drop("drop table if exists nope").await.unwrap();
    assert_eq!(connection.get_warnings(), 1);
    let warning: (String, u16, String) = connection.query_first("show warnings").await.unwrap().unwrap();
    assert_eq!(warning, ("Note".into(), 1051, "Unknown table 'orders.nope'".into()));
    for (sql, code, state) in [
        ("select form x", 1054, "42S22"),
        ("selec 1", 1064, "42000"),
        ("select (1", 1064, "42000"),
        ("select * from nope", 1146, "42S02"),
        ("select nope from customers", 1054, "42S22"),
        ("insert into customers (id, name) values (1, 'x')", 1062, "23000"),
        ("insert into customers (name) values (null)", 1048, "23000"),
        ("insert into customers values (1)", 1136, "21S01"),
        ("use nope", 1049, "42000"),
        ("select * from nope.t", 1049, "42000"),
        ("select @@nope", 1193, "HY000"),
        ("select nope(1)", 1305, "42000"),
        ("create table customers (id int)", 1050, "42S01"),
        ("kill 99999", 1094, "HY000"),
        (" ;", 1065, "42000"),
        ("use orders select", 1064, "42000"),
        // Asked by Oracle's client at every start; the engine alone would take it for a place for a value.
        ("select $$", 1054, "42S22"),
        ("select ?", 1064, "42000"),
    ] {
        match connection.query_drop(sql).await {
            Err(Error::Server(error)) => {
                assert_eq!((error.code, error.state.as_str()), (code, state), "{sql}: {}", error.message);
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
    // As both makers' servers: a comment alone is a statement that does nothing.
    for comment in ["-- nothing", "# nothing", "/* nothing */", "/*M!100100 SET @@MAX_STATEMENT_TIME=0 */"] {
        connection.query_drop(comment).await.unwrap();
    }
    let mut reader = rig.log_in("reader").await;
    let refused = reader.query_drop("delete from customers").await;
    assert!(matches!(refused, Err(Error::Server(error)) if error.code == 1142));
    assert_eq!(reader.query_first::<u8, _>("select count(*) from customers").await.unwrap(), Some(6));
}

#[tokio::test]
async fn several_statements_give_several_results_until_one_fails() {
    let rig = Rig::new();
    let mut connection = rig.log_in("dba").await;
    let mut result = connection
        .query_iter("select 1; insert into customers (name) values ('z'); select 'a;b'; selec")
        .await
        .unwrap();
    assert_eq!(result.collect::<u8>().await.unwrap(), [1]);
    assert_eq!((result.affected_rows(), result.last_insert_id()), (1, Some(5)));
    assert!(result.collect::<u8>().await.unwrap().is_empty());
    assert_eq!(result.collect::<String>().await.unwrap(), ["a;b"]);
    let failed = result.collect::<String>().await;
    assert!(matches!(failed, Err(Error::Server(error)) if error.code == 1064));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_streamed_and_a_killed_query_ends() {
    let rig = Rig::new();
    let mut connection = rig.log_in("dba").await;
    let mut result = connection.query_iter("select seq, repeat('x', 100) from seq_1_to_100000").await.unwrap();
    let mut sum = 0_u64;
    while let Some(row) = result.next().await.unwrap() {
        let (number, text): (u64, String) = mysql_async::from_row(row);
        assert_eq!(text.len(), 100);
        sum += number;
    }
    assert_eq!(sum, 100_000 * 100_001 / 2);
    drop(result);

    let mut killer = rig.log_in("dba").await;
    for (sql, expected) in [
        ("select sleep(1000)", None),
        ("select count(*) from seq_1_to_9000000000000", Some(1317)),
        ("select * from customers where sleep(1000)", Some(1317)),
    ] {
        let id = connection.id();
        let running = tokio::spawn(async move {
            let result = connection.query_first::<u8, _>(sql).await;
            (connection, result)
        });
        let database = &rig.database;
        let started = database.wait_until(Duration::from_secs(20), |all| {
            all.iter().any(|one| one.id == id && one.statement.as_deref() == Some(sql))
        });
        assert!(started, "{sql}");
        killer.query_drop(format!("kill query {id}")).await.unwrap();
        let (back, result) = running.await.unwrap();
        connection = back;
        match (result, expected) {
            (Ok(value), None) => assert_eq!(value, Some(1)),
            (Err(Error::Server(error)), Some(code)) => assert_eq!(error.code, code),
            (result, expected) => panic!("{sql}: {result:?} instead of {expected:?}"),
        }
    }
    let id = connection.id();
    killer.query_drop(format!("kill {id}")).await.unwrap();
    assert!(connection.query_drop("select 1").await.is_err());
    assert!(rig.database.wait_until(Duration::from_secs(20), |all| all.iter().all(|one| one.id != id)));
}

#[tokio::test]
async fn packets_of_more_than_sixteen_megabytes_pass() {
    let rig = Rig::new();
    let mut connection = rig.log_in("dba").await;
    let long = "y".repeat((1 << 24) + 5);
    let back: String = connection.query_first(format!("select '{long}'")).await.unwrap().unwrap();
    assert!(back == long);
}

#[tokio::test]
async fn the_driver_default_asks_for_the_socket_and_is_told_one() {
    let rig = Rig::new();
    let asks = rig.options("dba", &rig.token("dba")).prefer_socket(true).max_allowed_packet(None).wait_timeout(None);
    let mut connection = Conn::new(Opts::from(asks)).await.unwrap();
    assert_eq!(
        connection.query_first::<String, _>("select @@socket").await.unwrap().as_deref(),
        Some("/tmp/mysql.sock")
    );
}

#[test]
fn the_mariadb_client_logs_in_and_queries() {
    let rig = Arc::new(Rig::with(|options| options.deprecate_eof = false));
    let Ok(version) = std::process::Command::new("mariadb").arg("--version").output() else {
        eprintln!("SKIPPED: no `mariadb` program here");
        return;
    };
    assert!(version.status.success());
    let folder = tempfile::tempdir().unwrap();
    let files = rig.certificates.write_to(folder.path()).unwrap();
    let run = |user: &str, token: &str, sql: &str| {
        std::process::Command::new("mariadb")
            .args(["--no-defaults", "--protocol=TCP", "-h", "127.0.0.1", "-P"])
            .arg(rig.database.address().port().to_string())
            .arg(format!("--ssl-ca={}", files.ca.display()))
            .args(["-u", user, "-D", "orders", "-e", sql])
            .env("MYSQL_PWD", token)
            .output()
            .unwrap()
    };
    let good =
        run("dba", &rig.token("dba"), "select id, name from customers order by id limit 2; show tables; select 1.50 x");
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert_eq!(
        String::from_utf8_lossy(&good.stdout),
        "id\tname\n1\tAda Lovelace\n2\tGrace Hopper\nTables_in_orders\ncustomers\nevery_type\nextreme_values\norder\nx\n1.50\n"
    );
    let many = run(
        "dba",
        &rig.token("dba"),
        "select count(*) from (select seq from seq_1_to_1000) t; select * from every_type\\G",
    );
    assert!(many.status.success(), "{}", String::from_utf8_lossy(&many.stderr));
    let bad = run("reader", &rig.token("dba"), "select 1");
    assert!(!bad.status.success());
    assert!(String::from_utf8_lossy(&bad.stderr).contains("ERROR 1045 (28000): Access denied for user 'reader'"));
    let wrong_sql = run("dba", &rig.token("dba"), "selec 1");
    assert!(String::from_utf8_lossy(&wrong_sql.stderr).contains("ERROR 1064 (42000)"));
}

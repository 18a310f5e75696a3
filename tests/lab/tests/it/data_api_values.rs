//! What the lab's Data API makes of every type of value, on both databases, and how it binds named values.

use rdsconn_lab::data_api::{DataApi, Rendering};
use rdsconn_lab::real::RealLab;
use serde_json::{Value, json};

use crate::data_api_client::{Stand, execute, records};

/// Runs a test on the embedded database, and on MariaDB where that can be had.
fn on_each(test: impl Fn(&DataApi, &str)) {
    test(&Stand::new().api, "embedded");
    if let Some(lab) = RealLab::shared() {
        test(&DataApi::on_real(lab), "real");
    }
}

fn text(value: &str) -> Value {
    json!({"stringValue": value})
}

fn blob(value: &str) -> Value {
    json!({"blobValue": value})
}

#[test]
fn every_type_has_its_field() {
    on_each(|api, name| {
        let expected = [
            text("1"),
            text("-128"),
            text("65535"),
            text("-8388608"),
            text("-9223372036854775808"),
            text("18446744073709551615"),
            text("12345678901234567890.0123456789"),
            json!({"doubleValue": 0.1}),
            json!({"doubleValue": 2.5e-20}),
            blob("AwE="),
            text("2024-02-29"),
            text("-838:59:58.999"),
            text("9999-12-31 23:59:59.999999"),
            text("2155"),
            text("abc"),
            text("tab\there"),
            text("long\nlines"),
            blob("AP8QAA=="),
            blob("AAEC/f7/"),
            blob("iVBORw0KGgo="),
            text("{\"a\": [1, 2.50, \"x\"], \"b\": null}"),
            text("a"),
            text("x,z"),
        ];
        assert_eq!(records(api, "select * from every_type where id = 1"), json!([expected]), "{name}");
        let nulls = records(api, "select * from every_type where id = 3");
        assert!(nulls[0].as_array().unwrap().iter().skip(1).all(|field| *field == json!({"isNull": true})), "{nulls}");
        let row = records(api, "select bit1, bit64, point_value from extreme_values order by id");
        let point = "AAAAAAEBAAAAAAAAAAAA+D8AAAAAAAACwA==";
        assert_eq!(row[0], json!([{"booleanValue": true}, blob("gAAAAAAAAAE="), blob(point)]), "{name}");
        assert_eq!(row[1][0], json!({"booleanValue": false}));
        assert_eq!(row[2], json!([{"isNull": true}, {"isNull": true}, {"isNull": true}]));
        assert_eq!(records(api, "select 1 from customers where id = 0"), json!([]));
    });
}

#[test]
fn columns_are_described_as_jdbc_does() {
    on_each(|api, name| {
        let answer = execute(api, "select * from every_type where id = 0", Value::Null).json();
        let column = |index: usize| answer["columnMetadata"][index].clone();
        let found: Vec<String> = (0..23)
            .map(|index| {
                let column = column(index);
                format!(
                    "{} {} {}",
                    column["label"].as_str().unwrap(),
                    column["typeName"].as_str().unwrap(),
                    column["type"]
                )
            })
            .collect();
        let document = if name == "real" { "document LONGTEXT -1" } else { "document JSON -1" };
        let expected = [
            "id INT 4",
            "tiny TINYINT -6",
            "small SMALLINT UNSIGNED 5",
            "medium MEDIUMINT 4",
            "big BIGINT -5",
            "big_unsigned BIGINT UNSIGNED -5",
            "exact DECIMAL 3",
            "single FLOAT 7",
            "double_value DOUBLE 8",
            "bits BIT -7",
            "day DATE 91",
            "clock TIME 92",
            "moment DATETIME 93",
            "year_value YEAR 91",
            "fixed CHAR 1",
            "variable VARCHAR 12",
            "long_text LONGTEXT -1",
            "fixed_bytes BINARY -2",
            "some_bytes VARBINARY -3",
            "large_bytes BLOB -4",
            document,
            "choice CHAR 1",
            "choices CHAR 1",
        ];
        assert_eq!(found, expected, "{name}");
        assert_eq!((&column(0)["nullable"], &column(1)["nullable"]), (&json!(0), &json!(1)));
        assert_eq!((&column(5)["isSigned"], &column(4)["isSigned"]), (&json!(false), &json!(true)));
        assert_eq!((&column(6)["precision"], &column(6)["scale"]), (&json!(30), &json!(10)));
        assert_eq!((&column(12)["precision"], &column(12)["scale"]), (&json!(26), &json!(6)));
        assert_eq!(column(9)["precision"], json!(10));
        assert_eq!(column(15)["precision"], json!(50));
        let renamed = execute(api, "select name as n from customers", Value::Null).json();
        let renamed = &renamed["columnMetadata"][0];
        assert_eq!(
            (&renamed["label"], &renamed["name"], &renamed["tableName"]),
            (&json!("n"), &json!("name"), &json!("customers"))
        );
        let bare = execute(api, "select 1", json!({"includeResultMetadata": false})).json();
        assert!(bare.get("columnMetadata").is_none());
    });
}

#[test]
fn numbers_are_sent_as_asked_for() {
    on_each(|api, name| {
        let sql = "select big_unsigned, big, exact, year_value, id from every_type where id in (1, 4) order by id";
        let rows = execute(api, sql, json!({"resultSetOptions": {"decimalReturnType": "DOUBLE_OR_LONG"}})).json();
        let rows = &rows["records"];
        assert_eq!(rows[0][0], text("18446744073709551615"), "{name}");
        assert_eq!(rows[0][1], json!({"longValue": i64::MIN}));
        assert_eq!(rows[0][2], json!({"doubleValue": 12_345_678_901_234_567_000.0}));
        assert_eq!((&rows[0][3], &rows[0][4]), (&json!({"longValue": 2155}), &json!({"longValue": 1})));
        assert_eq!(rows[1][0], json!({"longValue": 1}));
        let whole = execute(
            api,
            "select cast(3 as decimal(10,0)) v",
            json!({"resultSetOptions": {"decimalReturnType": "DOUBLE_OR_LONG"}}),
        );
        assert_eq!(whole.json()["records"], json!([[{"longValue": 3}]]));
        let formatted = execute(
            api,
            "select id, name, email from customers where id = 4",
            json!({"formatRecordsAs": "JSON", "resultSetOptions": {}}),
        );
        assert_eq!(formatted.json()["formattedRecords"], r#"[{"id":4,"name":"山田 太郎","email":null}]"#);
    });
}

#[test]
fn values_can_be_spelled_as_java_does() {
    on_each(|api, name| {
        api.change(|options| options.rendering = Rendering::jdbc());
        let rows =
            records(api, "select moment, exact, single, year_value from every_type where id in (1, 2, 4) order by id");
        assert_eq!(rows[0][0], text("9999-12-31 23:59:59.999999"), "{name}");
        assert_eq!(
            rows[1],
            json!([text("1000-01-01 00:00:00.0"), text("-1E-10"), {"doubleValue": -1.5}, text("1901-01-01")])
        );
        assert_eq!(rows[2][0], text("2024-01-01 01:02:03.4"));
        assert_eq!(rows[0][2], json!({"doubleValue": 0.100_000_001_490_116_12}));
        execute(api, "create table flags (yes tinyint(1), number tinyint(4))", Value::Null);
        execute(api, "insert into flags values (1, 1)", Value::Null);
        let answer = execute(api, "select * from flags", Value::Null).json();
        assert_eq!(answer["records"], json!([[{"booleanValue": true}, text("1")]]), "{name}");
        assert_eq!(answer["columnMetadata"][0]["typeName"], "BIT");
        execute(api, "drop table flags", Value::Null);
    });
}

#[test]
fn changes_are_counted() {
    on_each(|api, name| {
        let done = |sql: &str| {
            let answer = execute(api, sql, Value::Null);
            assert_eq!(answer.status, 200, "{name} {sql}: {:?}", answer.error());
            answer.json()
        };
        let none = json!({"generatedFields": [], "numberOfRecordsUpdated": 0});
        assert_eq!(done("create table counted (id int not null auto_increment primary key, v varchar(20))"), none);
        let inserted = done("insert into counted (v) values ('a'), ('b')");
        assert_eq!(inserted, json!({"generatedFields": [{"longValue": 1}], "numberOfRecordsUpdated": 2}), "{name}");
        assert_eq!(done("update counted set v = 'c'")["numberOfRecordsUpdated"], 2);
        assert_eq!(done("update counted set v = 'c'")["numberOfRecordsUpdated"], 2, "found rows are counted");
        assert_eq!(done("drop table counted"), none);
    });
}

#[test]
fn named_values_are_bound() {
    on_each(|api, name| {
        let one = |sql: &str, value: Value, hint: Option<&str>| {
            let mut parameter = json!({"name": "v", "value": value});
            if let Some(hint) = hint {
                parameter["typeHint"] = hint.into();
            }
            let answer = execute(api, sql, json!({"parameters": [parameter]}));
            assert_eq!(answer.status, 200, "{name} {sql}: {:?}", answer.error());
            answer.json()["records"][0][0].clone()
        };
        let hostile = "it's \\ \"quoted\" :v; -- ? é 山";
        assert_eq!(one("select concat(:v, '')", text(hostile), None), text(hostile), "{name}");
        assert_eq!(one("select hex(:v)", blob("AP8n"), None), text("00FF27"));
        assert_eq!(one("select :v is null", json!({"isNull": true}), None), text("1"));
        assert_eq!(one("select count(*) from customers where id = :v", json!({"longValue": 2}), None), text("1"));
        assert_eq!(one("select if(:v, 'yes', 'no')", json!({"booleanValue": true}), None), text("yes"));
        assert_eq!(
            one("select ':v' /* :v */, id from customers where id = :v", json!({"longValue": 1}), None),
            text(":v")
        );
        let moment = "select id from customers where created_at = :v";
        assert_eq!(one(moment, text("2024-01-15 09:30:00.123456"), Some("TIMESTAMP")), text("1"), "{name}");
        let total = "select id from `order` where total = :v";
        assert_eq!(one(total, text("1234567890.12"), Some("DECIMAL")), text("3"), "{name}");
        let day = "select id from every_type where day = :v";
        assert_eq!(one(day, text("2024-02-29"), Some("DATE")), text("1"), "{name}");
        let refused = |parameters: Value| execute(api, "select :v", json!({"parameters": parameters})).error();
        assert_eq!(refused(json!([])), (400, "BadRequestException".into(), "Cannot find parameter: v".into()));
        for (value, hint) in
            [("2024-13", "DATE"), ("12.5.1", "DECIMAL"), ("noon", "TIME"), ("{", "JSON"), ("x", "UUID"), ("1", "BIT")]
        {
            let (status, kind, _) = refused(json!([{"name": "v", "value": text(value), "typeHint": hint}]));
            assert_eq!((status, kind.as_str()), (400, "BadRequestException"), "{value} as {hint}");
        }
    });
    // Bound values keep their types where statements are prepared.
    let Some(lab) = RealLab::shared() else { return };
    let api = DataApi::on_real(lab);
    let parameters = json!([
        {"name": "at", "value": text("2026-01-02 03:04:05.5"), "typeHint": "TIMESTAMP"},
        {"name": "exact", "value": text("12345678901234567890.123456789"), "typeHint": "DECIMAL"},
        {"name": "on", "value": text("2026-01-02"), "typeHint": "DATE"},
    ]);
    let answer = execute(&api, "select :exact + 1, :on, :at", json!({"parameters": parameters})).json();
    assert_eq!(answer["records"][0][0], text("12345678901234567891.123456789"));
    assert_eq!(answer["columnMetadata"][1]["typeName"], "DATE");
    assert_eq!(answer["records"][0][2]["stringValue"].as_str().unwrap().get(..21), Some("2026-01-02 03:04:05.5"));
}

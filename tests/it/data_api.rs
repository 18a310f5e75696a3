//! The Data API's route: the same command, the same rows, byte for byte, and limits and failures that say what to do.

use std::time::Duration;

use rdsconn_lab::data_api::{CLUSTER_ARN, DataApi, Fault, Injection, Operation, Rendering, SECRET_ARN, Secret, Seen};
use rdsconn_lab::environment::{Output, Signal};
use rdsconn_lab::moto::Moto;
use rdsconn_lab::real::{MASTER_PASSWORD, MASTER_USER};

use crate::stage::{HOST, Servers, Stage};

/// Long enough for a loaded machine; only a failing test waits for it.
const DEADLINE: Duration = Duration::from_secs(30);

/// A stage whose database has a Data API as well.
pub(crate) struct HttpStage {
    pub(crate) stage: Stage,
    pub(crate) api: DataApi,
}

impl HttpStage {
    pub(crate) fn embedded() -> Self {
        Self::around(Stage::embedded())
    }

    fn real() -> Option<Self> {
        Stage::real().map(Self::around)
    }

    fn around(mut stage: Stage) -> Self {
        let api = match &stage.servers {
            Servers::Embedded(embedded) => DataApi::on_embedded(&embedded.database, &embedded.certificates),
            Servers::Real(lab) => DataApi::on_real(lab),
        };
        stage.home.set("AWS_ENDPOINT_URL_RDS_DATA", api.url());
        Self { stage, api }
    }

    /// Runs `rdsconn HOST` on the Data API's route.
    pub(crate) fn query(&self, arguments: &[&str]) -> Output {
        self.stage.query(&with_route(arguments))
    }
}

/// The arguments with those of the route in front.
fn with_route<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let route = ["--route", "data-api", "--cluster-arn", CLUSTER_ARN, "--secret-arn", SECRET_ARN];
    route.into_iter().chain(arguments.iter().copied()).collect()
}

fn on_each(case: impl Fn(&HttpStage)) {
    case(&HttpStage::embedded());
    if let Some(stage) = HttpStage::real() {
        case(&stage);
    }
}

#[test]
fn the_stages_of_the_route_are_shown_on_a_terminal() {
    let http = HttpStage::embedded();
    let line: Vec<&str> = [HOST, "--color", "never"].into_iter().chain(with_route(&["select 1"])).collect();
    let shown = http.stage.home.rdsconn_on_terminal(line).finish().succeeded().stdout;
    let stages: Vec<&str> = shown.split('✓').skip(1).filter_map(|stage| stage.split_whitespace().next()).collect();
    assert_eq!(stages, ["resolve", "credentials"], "{shown:?}");
    assert!(shown.contains(&format!("✓ resolve     {CLUSTER_ARN} ")), "{shown:?}");
}

const FORMATS: [&str; 7] = ["table", "vertical", "json", "jsonl", "csv", "tsv", "markdown"];

/// The same table by both routes is the same text, whichever way the service has of writing values down.
#[test]
fn both_routes_give_the_same_bytes_in_every_format() {
    on_each(|http| {
        // What the service's own conversion loses cannot be compared: see the README.
        let columns = "id, tiny, small, medium, big, big_unsigned, exact, single, double_value, bits, day, moment, \
                       year_value, fixed, variable, long_text, fixed_bytes, some_bytes, large_bytes, choice, choices";
        let sql = format!("select {columns} from every_type order by id");
        for rendering in [Rendering::plain(), Rendering::jdbc()] {
            http.api.change(|options| options.rendering = rendering);
            for format in FORMATS {
                let arguments = ["--format", format, sql.as_str()];
                let (by_tunnel, by_http) =
                    (http.stage.query(&arguments).succeeded(), http.query(&arguments).succeeded());
                assert_eq!(by_http.stdout, by_tunnel.stdout, "{} {format} {rendering:?}", http.stage.name());
                assert_eq!(by_http.stderr, "", "{}", http.stage.name());
            }
        }
    });
}

#[test]
fn extremes_are_the_same_on_both_routes() {
    let Some(http) = HttpStage::real() else { return };
    let sql = "select id, decimal_value, bigint_unsigned, bigint_signed, tinyint_value, float_value, double_value, bit64, bit1, \
               datetime6, timestamp_value, year_value, char_value, varchar_value, text_value, binary_value, \
               varbinary_value, blob_value, enum_value, set_value, point_value from extreme_values order by id";
    for format in FORMATS {
        let arguments = ["--format", format, sql];
        let (by_tunnel, by_http) = (http.stage.query(&arguments).succeeded(), http.query(&arguments).succeeded());
        assert_eq!(by_http.stdout_bytes, by_tunnel.stdout_bytes, "{format}");
    }
}

#[test]
fn parameters_mean_the_same_on_every_route() {
    on_each(|http| {
        let sql = "select :n + 1 as n, :text as text, :nothing is null as is_null, :exact as exact, :yes as yes";
        let arguments = [
            "--format",
            "jsonl",
            "-p",
            "n:long=41",
            "-p",
            "text=it's \\ \" ; -- é",
            "-p",
            "nothing:null",
            "-p",
            "exact:decimal=12345678901234567890.10",
            "-p",
            "yes:boolean=true",
            sql,
        ];
        let (by_tunnel, by_http) = (http.stage.query(&arguments).succeeded(), http.query(&arguments).succeeded());
        let expected =
            "{\"n\":42,\"text\":\"it's \\\\ \\\" ; -- é\",\"is_null\":1,\"exact\":\"12345678901234567890.10\",";
        assert!(by_tunnel.stdout.starts_with(expected), "{}: {}", http.stage.name(), by_tunnel.stdout);
        assert_eq!(by_http.stdout, by_tunnel.stdout, "{}", http.stage.name());
    });
}

#[test]
fn dates_and_bytes_as_parameters_mean_the_same_on_every_route() {
    let Some(http) = HttpStage::real() else { return };
    let arguments = [
        "--format",
        "jsonl",
        "-p",
        "day:date=2024-02-29",
        "-p",
        "moment:timestamp=2026-01-02 03:04:05.25",
        "-p",
        "clock:time=12:34:56",
        "-p",
        "bytes:blob=AP8Q",
        "select id, :bytes = fixed_bytes as same from every_type \
         where day = :day and moment > :moment and clock < :clock or fixed_bytes like concat(:bytes, '%') order by id",
    ];
    let (by_tunnel, by_http) = (http.stage.query(&arguments).succeeded(), http.query(&arguments).succeeded());
    assert_eq!(by_tunnel.stdout, "{\"id\":1,\"same\":0}\n");
    assert_eq!(by_http.stdout, by_tunnel.stdout);
}

#[test]
fn a_parameter_that_is_missing_unused_or_wrong_is_said() {
    let http = HttpStage::embedded();
    for query in [&(|arguments: &[&str]| http.stage.query(arguments)) as &dyn Fn(&[&str]) -> Output, &|arguments| {
        http.query(arguments)
    }] {
        let output = query(&["-p", "a=1", "select :a, :b"]).ended_with(2);
        assert!(output.stderr.contains("error: the statement asks for :b, which is not given"), "{}", output.stderr);
        let output = query(&["-p", "a=1", "-p", "c=1", "select :a as a"]).succeeded();
        assert_eq!(output.stdout, "a\n1\n");
        assert!(output.stderr.contains("warning: no statement names :c"), "{}", output.stderr);
        http.api.forget_requests();
        let logins = http.stage.parts().database.logins().len();
        let output = query(&["-p", "a=1", "-p", "a=2", "select :a"]).ended_with(2);
        assert!(output.stderr.contains("the parameter a is given twice"), "{}", output.stderr);
        assert_eq!((http.api.requests().len(), http.stage.parts().database.logins().len()), (0, logins));
        let output = query(&["-p", "a:date=2023-02-29", "select :a"]).ended_with(2);
        assert!(output.stderr.contains("2023-02-29"), "{}", output.stderr);
    }
}

/// All statements or none, on every route.
#[test]
fn a_transaction_lasts_or_leaves_nothing() {
    on_each(|http| {
        let table = format!("moved_{}", std::process::id());
        http.stage.query(&[&format!("create table {table} (id int primary key)")]).succeeded();
        let count = || http.stage.query(&["-N", &format!("select count(*) from {table}")]).succeeded().stdout;
        let two = |first: u32, second: &str| {
            format!("insert into {table} values ({first}); insert into {table} values ({second})")
        };
        for (route, first) in [(&[][..], 10), (&with_route(&[])[..], 20)] {
            let run = |sql: &str| {
                let arguments: Vec<&str> = route.iter().copied().chain(["--transaction", sql]).collect();
                http.stage.query(&arguments)
            };
            let before = count();
            run(&two(first, "nope")).ended_with(1);
            assert_eq!(count(), before, "{} {route:?}", http.stage.name());
            run(&two(first, &(first + 1).to_string())).succeeded();
            assert_ne!(count(), before, "{} {route:?}", http.stage.name());
            run("commit").ended_with(2);
        }
        assert_eq!(count(), "4\n");
        assert_eq!(http.api.open_transactions(), 0);
        http.stage.query(&[&format!("drop table {table}")]).succeeded();
    });
}

#[test]
fn statements_that_would_do_nothing_are_refused_before_anything_is_sent() {
    let http = HttpStage::embedded();
    for (sql, hint) in [("begin; select 1", "--transaction"), ("use orders; select 1", "-D")] {
        let output = http.query(&[sql]).ended_with(2);
        assert!(output.stderr.contains("has a session of its own"), "{}", output.stderr);
        assert!(
            output.stderr.lines().any(|line| line.starts_with("hint:") && line.contains(hint)),
            "{}",
            output.stderr
        );
    }
    assert_eq!(http.api.count(Operation::Execute), 0);
    let output = http.stage.query(&["--page-by", "id", "select 1"]).ended_with(2);
    assert!(output.stderr.contains("--route data-api"), "{}", output.stderr);
}

/// R28: each failure has its exit code and its words, and nothing that may have been accepted is sent again.
#[test]
fn r28_failures_are_told_apart_and_nothing_is_sent_twice() {
    let http = HttpStage::embedded();
    let cases: [(Fault, i32, &str, usize); 20] = [
        (Fault::HttpEndpointNotEnabled, 4, "aws rds enable-http-endpoint --resource-arn", 1),
        (Fault::HttpEndpointNotEnabledV1, 4, "--enable-http-endpoint", 1),
        (Fault::AccessDenied, 4, "rds-data:ExecuteStatement", 1),
        (Fault::SecretAccessDenied, 4, "secretsmanager:GetSecretValue", 1),
        (Fault::SecretAccessDeniedV1, 4, "secretsmanager:GetSecretValue", 1),
        (Fault::InvalidSecret, 4, "username", 1),
        (Fault::UnknownCluster, 4, "has no cluster", 1),
        (Fault::ExpiredToken, 4, "expired", 1),
        (Fault::ClockAhead(Duration::from_secs(1000)), 4, "s behind", 1),
        (Fault::ClockBehind(Duration::from_secs(1000)), 4, "s ahead", 1),
        (Fault::StatementTimeout, 1, "45 s", 1),
        (Fault::InternalServerError, 7, "whether", 1),
        (Fault::InternalServerErrorAfterwards, 7, "whether", 1),
        (Fault::TruncatedJson, 7, "whether", 1),
        (Fault::CutBody, 7, "whether", 1),
        (Fault::Garbage, 7, "whether", 1),
        (Fault::WrongContentType, 7, "whether", 1),
        (Fault::CloseBeforeRunning, 7, "whether", 1),
        (Fault::CloseAfterRunning, 7, "whether", 1),
        (Fault::Redirect(302, "http://127.0.0.1:9/".to_owned()), 5, "http://127.0.0.1:9/", 1),
    ];
    for (fault, code, text, requests) in cases {
        http.api.forget_requests();
        http.api.clear_faults();
        http.api.inject(Injection::always(fault.clone()));
        let output = http.query(&["select 1"]);
        assert_eq!((output.code, output.stdout.as_str()), (code, ""), "{fault:?}: {}", output.stderr);
        assert!(output.stderr.contains(text), "{fault:?}: {}", output.stderr);
        assert!(output.stderr.contains("\nhint: "), "{fault:?}: {}", output.stderr);
        assert_eq!(http.api.count(Operation::Execute), requests, "{fault:?}");
    }
}

/// What passes by itself is waited for, and said.
#[test]
fn r12_a_paused_cluster_and_too_many_calls_are_waited_for() {
    let http = HttpStage::embedded();
    http.api.inject(Injection::times(Fault::Paused, 2));
    let output = http.query(&["-v", "-N", "select 1"]).succeeded();
    assert_eq!(output.stdout, "1\n");
    assert!(output.stderr.contains("the cluster is paused"), "{}", output.stderr);
    assert_eq!(http.api.count(Operation::Execute), 3);
    http.api.forget_requests();
    http.api.inject(Injection::times(Fault::Throttled, 2));
    assert_eq!(http.query(&["-N", "select 1"]).succeeded().stdout, "1\n");
    assert_eq!(http.api.count(Operation::Execute), 3);
}

#[test]
fn a_commit_without_an_answer_is_an_unknown_outcome() {
    let http = HttpStage::embedded();
    http.api.inject(Injection::always(Fault::CloseAfterRunning).on(Operation::Commit));
    let output = http.query(&["--transaction", "select 1"]).ended_with(7);
    assert!(output.stderr.contains("commit"), "{}", output.stderr);
    assert_eq!(http.api.count(Operation::Commit), 1);
}

/// Ctrl-C in a transaction rolls it back, so that no lock waits for the service's own three minutes.
#[test]
fn r15_an_interrupted_transaction_is_rolled_back() {
    let http = HttpStage::embedded();
    let mut arguments = vec![HOST];
    arguments.extend(with_route(&["--transaction", "select 1 as first; select 2"]));
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        http.api.forget_requests();
        http.api.clear_faults();
        http.api.inject(Injection::always(Fault::Hang).on(Operation::Execute).after(1));
        let running = http.stage.home.start_rdsconn(&arguments);
        let is_hanging =
            |seen: &[Seen]| seen.iter().filter(|one| one.operation == Some(Operation::Execute)).count() == 2;
        assert!(http.api.wait_until(DEADLINE, is_hanging));
        running.signal(signal);
        let output = running.finish().ended_with(code);
        assert_eq!(output.stdout, "first\n1\n");
        assert_eq!((http.api.count(Operation::Rollback), http.api.open_transactions()), (1, 0));
    }
}

#[test]
fn errors_of_the_database_name_the_line() {
    on_each(|http| {
        let output = http.query(&["-e", "select 1", "-e", "select nope"]).ended_with(1);
        assert_eq!(output.stdout, "1\n1\n");
        assert!(output.stderr.contains("1054") && output.stderr.contains("Unknown column 'nope'"), "{}", output.stderr);
    });
}

/// 3,000 wide rows are more than one answer can hold: an error without pages, and whole with them.
#[test]
fn large_results_come_in_pages_or_not_at_all() {
    if let Some(http) = HttpStage::real() {
        let table = format!("visits_{}", std::process::id());
        let rows: Vec<String> = (1..=3000).map(|id| format!("({}, repeat('x', 500), {})", id * 3, id / 2)).collect();
        let sql = format!(
            "create table {table} (id int primary key, note varchar(500), pair int); insert into {table} values {}",
            rows.join(",")
        );
        http.stage.query_with_input(&[], sql.as_bytes()).succeeded();
        let select = format!("select id, note, pair from {table}");
        let output = http.query(&[&select]).ended_with(1);
        assert_eq!(output.stdout, "");
        assert!(output.stderr.contains("1 MiB") && output.stderr.contains("--page-by"), "{}", output.stderr);

        let expected = http.stage.query(&[&format!("{select} order by id")]).succeeded().stdout;
        let paged = http.query(&["--page-by", "id", &select]).succeeded();
        assert_eq!(paged.stdout, expected, "{}", http.stage.name());
        let none = http.query(&["--page-by", "id", &format!("{select} where id < 0")]).succeeded();
        assert_eq!(none.stdout, http.stage.query(&[&format!("{select} where id < 0")]).succeeded().stdout);

        let output = http.query(&["--page-by", "pair", &select]);
        assert_ne!(output.code, 0, "{}", output.stderr);
        assert!(output.stderr.contains("pair") && output.stderr.contains("several rows"), "{}", output.stderr);
        let output = http.query(&["--page-by", "id", &format!("{select} limit 5")]).ended_with(2);
        assert!(output.stderr.contains("LIMIT"), "{}", output.stderr);
        // ENUM is sorted by number and compared as text.
        let output = http.query(&["--page-by", "choice", "select choice from every_type where id in (1, 2)"]);
        assert!(output.stderr.contains("sorted by position"), "{}", output.stderr);
        http.stage.query(&[&format!("drop table {table}")]).succeeded();
    }
}

/// Only the endpoint is known: RDS tells the ARN and the secret that it manages.
#[test]
fn what_is_not_known_is_looked_up() {
    let Some(moto) = Moto::shared() else { return };
    let mut http = HttpStage::embedded();
    let cluster = moto.create_cluster("lookedup", true, true);
    let secret = cluster.secret_arn.clone().expect("a managed secret");
    http.api.change(|options| {
        options.cluster_arn.clone_from(&cluster.arn);
        options.secrets = vec![Secret::managed(&secret, MASTER_USER, MASTER_PASSWORD)];
    });
    http.stage.home.set("AWS_ENDPOINT_URL_RDS", moto.url());
    for endpoint in [&cluster.endpoint, &cluster.reader_endpoint] {
        let output =
            http.stage.query(&["-v", "--route", "data-api", "--endpoint", endpoint, "-N", "select 1"]).succeeded();
        assert_eq!(output.stdout, "1\n");
        assert!(output.stderr.contains(&cluster.arn), "{}", output.stderr);
    }
    let by_arn = ["--route", "data-api", "--cluster-arn", &cluster.arn, "-N", "select 1"];
    assert_eq!(http.stage.query(&by_arn).succeeded().stdout, "1\n");

    let without = moto.create_cluster("without", true, false);
    let output = http.stage.query(&["--route", "data-api", "--endpoint", &without.endpoint, "select 1"]).ended_with(2);
    assert!(output.stderr.contains("--secret-arn"), "{}", output.stderr);
    let off = moto.create_cluster("switchedoff", false, true);
    let output = http.stage.query(&["--route", "data-api", "--endpoint", &off.endpoint, "select 1"]).ended_with(4);
    assert!(output.stderr.contains("aws rds enable-http-endpoint --resource-arn"), "{}", output.stderr);
    let nowhere = "nowhere.cluster-c9abc.us-east-1.rds.amazonaws.com";
    let output = http.stage.query(&["--route", "data-api", "--endpoint", nowhere, "select 1"]).ended_with(4);
    assert!(output.stderr.contains("RDS knows no cluster"), "{}", output.stderr);
}

/// Two ARNs are enough: neither a convention nor an endpoint is needed, and the region is the ARN's.
#[test]
fn a_cluster_needs_no_endpoint() {
    let http = HttpStage::embedded();
    let home = &http.stage.home;
    let arguments = with_route(&["--profile", "lab-static", "anything", "-N", "select 1"]);
    assert_eq!(home.rdsconn(&arguments).succeeded().stdout, "1\n");
    let arguments: Vec<&str> = ["explain", "anything"].into_iter().chain(with_route(&[])).collect();
    let page = home.rdsconn(&arguments).succeeded().stdout;
    assert!(page.contains("follows cluster_arn") && !page.contains("endpoint "), "{page}");
}

#[test]
fn explain_says_what_will_be_looked_up() {
    let http = HttpStage::embedded();
    let page = http.stage.home.rdsconn(["explain", HOST, "--route", "data-api"]).succeeded().stdout;
    for field in ["cluster_arn", "secret_arn"] {
        let line = page.lines().find(|line| line.starts_with(field)).unwrap_or_default();
        assert!(line.contains("rds:DescribeDBClusters"), "{page}");
    }
    assert_eq!(http.api.requests().len(), 0);
}

/// T17: neither the keys nor anything of the secret is in what is printed, however much is asked for.
#[test]
fn t17_no_secret_is_printed() {
    let http = HttpStage::embedded();
    let key = rdsconn_lab::real::static_key();
    for fault in [None, Some(Fault::AccessDenied), Some(Fault::Garbage), Some(Fault::CloseAfterRunning)] {
        http.api.clear_faults();
        if let Some(fault) = fault {
            http.api.inject(Injection::always(fault));
        }
        let output = http.query(&["-vvv", "select 1"]);
        let all = format!("{}{}", output.stdout, output.stderr);
        for secret in [key.secret.as_str(), "master-password"] {
            assert!(!all.contains(secret), "{all}");
        }
    }
}

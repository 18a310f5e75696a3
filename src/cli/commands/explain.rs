//! `rdsconn explain HOST`: what a name means and which file and line said so. Touches no network.

use serde_json::{Map, Value, json};

use crate::cli::arguments::Explain;
use crate::cli::context::{Context, runtime};
use crate::cli::printer::{Paint, Printer};
use crate::cli::report::Failure;
use crate::config::Resolution;
use crate::os::Environment;
use crate::query::escape_for_terminal;
use crate::target::{Field, Route, Target};

/// Runs the command.
pub(crate) fn run(arguments: &Explain, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let context = Context::load(&arguments.common, environment, printer)?;
    let mut resolution = context.resolution(&arguments.host, &arguments.target)?;
    runtime()?.block_on(context.add_profile_region(&mut resolution))?;
    let text = if arguments.json { as_json(&resolution) } else { as_text(&resolution, printer) };
    printer.data(&text).map_err(Failure::Output)
}

/// Where fields come from that only the network knows.
const LOOKED_UP: &str = "looked up with rds:DescribeDBClusters when HOST is used";

/// Fields that the route needs and nothing says.
fn looked_up(target: &Target) -> impl Iterator<Item = Field> {
    let unknown = [Field::ClusterArn, Field::SecretArn].into_iter().filter(|field| target.text(*field).is_none());
    unknown.filter(|_| target.route == Route::DataApi)
}

fn as_json(resolution: &Resolution) -> String {
    let fields = |value: &dyn Fn(Field) -> Value| -> Map<String, Value> {
        Field::ALL.into_iter().map(|field| (field.name().to_owned(), value(field))).collect()
    };
    let target = fields(&|field| value(&resolution.target, field));
    let mut origin: Map<String, Value> =
        resolution.origin.iter().map(|(field, origin)| (field.name().to_owned(), json!(origin.to_string()))).collect();
    for field in looked_up(&resolution.target) {
        origin.insert(field.name().to_owned(), json!(LOOKED_UP));
    }
    let object = json!({
        "host": resolution.host.as_str(),
        "convention": resolution.convention,
        "target": target,
        "origin": origin,
    });
    format!("{object:#}\n")
}

fn as_text(resolution: &Resolution, printer: Printer) -> String {
    let target = &resolution.target;
    let mut lines = vec![
        ("host".to_owned(), resolution.host.to_string(), String::new()),
        ("convention".to_owned(), resolution.convention.clone().unwrap_or_else(|| "none".to_owned()), String::new()),
    ];
    for field in Field::ALL {
        match target.text(field) {
            Some(text) => {
                let origin = resolution.origin.get(&field).map(ToString::to_string).unwrap_or_default();
                lines.push((field.name().to_owned(), text, origin));
            }
            None if looked_up(target).any(|unknown| unknown == field) => {
                lines.push((field.name().to_owned(), "?".to_owned(), LOOKED_UP.to_owned()));
            }
            None => {}
        }
    }
    let width = lines.iter().map(|(_, text, _)| text.chars().count()).max().unwrap_or_default();
    let mut page = String::new();
    for (name, text, origin) in lines {
        let text = escape_for_terminal(&text);
        let origin = if printer.stdout_is_terminal { printer.paint(Paint::Faint, &origin) } else { origin };
        let line = format!("{name:<12} {text:<width$}  {origin}");
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}

/// A field as a script wants it: the port a number, the hops a list, null where it is not set.
fn value(target: &Target, field: Field) -> Value {
    match field {
        Field::Port => json!(target.endpoint.as_ref().map(|endpoint| endpoint.port)),
        Field::Bastion if !target.bastion.is_empty() => {
            target.bastion.iter().map(|hop| Value::String(hop.to_string())).collect()
        }
        _ => json!(target.text(field)),
    }
}

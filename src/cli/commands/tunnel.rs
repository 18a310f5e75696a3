//! `rdsconn tunnel HOST`: holds a tunnel open for clients that somebody else starts.

use std::pin::pin;
use std::sync::Arc;

use serde_json::json;

use crate::cli::arguments::Tunnel;
use crate::cli::behind;
use crate::cli::context::{Context, Database, runtime};
use crate::cli::printer::Printer;
use crate::cli::report::{Failure, Report};
use crate::cli::way::{forwarder, listen, tell};
use crate::os::signals::Termination;
use crate::os::{Environment, RunFolder, raise_descriptor_limit};
use crate::session::{Lanes, ListenAddress};

/// The signal that asks for an orderly end.
const TERMINATE: u8 = 15;

/// Runs the command.
pub(crate) fn run(arguments: &Tunnel, environment: &Environment, printer: Printer) -> Result<(), Failure> {
    let context = Context::load(&arguments.common, environment, printer)?;
    let listen = listen_address(arguments.listen.as_deref(), environment)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let resolution = context.resolve(&arguments.host, &arguments.target).await?;
        let database = context.database(&resolution, None)?;
        Box::pin(hold(&database, &listen, arguments, environment, printer)).await
    });
    runtime.shutdown_background();
    outcome
}

fn listen_address(text: Option<&str>, environment: &Environment) -> Result<ListenAddress, Failure> {
    let address = text.unwrap_or("127.0.0.1:0").parse().map_err(Report::from)?;
    // The shell expands `~` at the start of a word only.
    Ok(match (address, environment.home()) {
        (ListenAddress::Socket(path), Some(home)) => {
            ListenAddress::Socket(path.strip_prefix("~").map(|rest| home.join(rest)).unwrap_or(path))
        }
        (address, _) => address,
    })
}

async fn hold(
    database: &Database<'_>,
    address: &ListenAddress,
    arguments: &Tunnel,
    environment: &Environment,
    printer: Printer,
) -> Result<(), Failure> {
    let plan = database.plan();
    if plan.bastion.is_empty() {
        let error = format!("{} is reached without a bastion, so there is no tunnel to hold", plan.endpoint.host);
        let report = Report::usage(error).hint(format!("connect to {} directly", plan.address));
        return Err(report.hint("or name a bastion with -J, RDSCONN_BASTION or bastion =").into());
    }
    raise_descriptor_limit();
    let mut termination = Termination::listen().map_err(Report::bug)?;
    // The port first: that it is taken can be known without the network.
    let listener = listen(address).await?;
    let lanes = tokio::select! {
        lanes = Lanes::open_first(Arc::clone(&database.bastion)) => lanes.map_err(Report::from),
        signal = termination.next() => {
            database.progress.clear();
            return Err(Failure::Signal(signal));
        }
    };
    database.progress.clear();
    let lanes = lanes?;
    let listener_text = listener.address().to_string();
    let port = match listener.address() {
        ListenAddress::Loopback(port) => Some(port),
        ListenAddress::Socket(_) => None,
    };
    let mut forwarder = forwarder(listener, lanes, database, None);
    // MySQL Shell's helper may ask what is behind the port, from the moment that the port is told. Without a folder for the
    // socket there is nobody to ask, which is no reason not to hold the tunnel.
    let folder = RunFolder::create(environment).ok();
    let socket = folder.as_ref().and_then(behind::socket);
    // Nor is there anything to be told where only a person knows the password: another helper may.
    let socket = socket.filter(|_| port.is_some() && database.has_password());
    let mut answering = pin!(behind::answer(socket, port.unwrap_or_default(), database));
    let text = if arguments.json {
        let object = json!({
            "listener": listener_text,
            "endpoint": plan.endpoint.to_string(),
            "user": plan.user(),
            "pid": std::process::id(),
        });
        format!("{object}\n")
    } else {
        format!("{listener_text}\n")
    };
    printer.data(&text).map_err(Failure::Output)?;
    let signal = loop {
        tokio::select! {
            () = &mut answering => {}
            event = forwarder.serve() => tell(&event, printer, true),
            signal = termination.next() => break signal,
        }
    };
    if signal != TERMINATE {
        return Err(Failure::Signal(signal));
    }
    let open = forwarder.open_connections();
    let drained = forwarder.drain(arguments.drain);
    if open > 0 {
        printer.remark(&format!("waiting up to {} s for {open} to end", arguments.drain.as_secs_f32()));
    }
    let cut = tokio::select! {
        cut = drained => cut,
        // Whoever asks twice means it.
        _ = termination.next() => open.max(1),
    };
    if cut == 0 { Ok(()) } else { Err(Failure::Signal(signal)) }
}

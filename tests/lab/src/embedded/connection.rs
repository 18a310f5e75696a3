//! The command phase of one connection: commands in, results out, a row at a time.

use std::io;
use std::sync::Arc;

use super::database::Shared;
use super::login::Admitted;
use super::processes::Process;
use super::sql::fault::Fault;
use super::sql::session::{Failure, Finish, Identity, Session, Sink, statements};
use crate::packets::{
    Column, Done, Packets, STATUS_AUTOCOMMIT, STATUS_IN_TRANSACTION, STATUS_MORE_RESULTS, capability, end_of_rows,
    error, put_length,
};
use crate::wire::Wire;

/// `max_allowed_packet`.
const LONGEST_COMMAND: usize = 64 << 20;

struct Connection<'a> {
    packets: Packets<Wire>,
    session: Session,
    capabilities: u32,
    shared: &'a Shared,
}

/// Serves until the client leaves or is killed.
pub(super) fn serve(admitted: Admitted, process: &Arc<Process>, shared: &Shared) -> io::Result<()> {
    let Admitted { mut packets, login, account, capabilities } = admitted;
    process.set_user(&account.user);
    let identity = Identity {
        id: process.id,
        user: account.user.clone(),
        host: "127.0.0.1".to_owned(),
        version: shared.options.version.clone(),
        read_only: account.read_only,
        cipher: packets.stream().cipher(),
    };
    let opened =
        Session::open(Arc::clone(&shared.engine), Arc::clone(&shared.processes), Arc::clone(process), identity);
    let mut session = match opened {
        Ok(session) => session,
        Err(fault) => return packets.send(&error(fault.code, Some(fault.state), &fault.message)),
    };
    if let Some(name) = &login.database {
        // The login was refused if there was none.
        let _ = session.use_database(name);
    }
    let mut connection = Connection { packets, session, capabilities, shared };
    while !process.is_gone() {
        connection.packets.reset_sequence();
        let Some(command) = connection.packets.read(LONGEST_COMMAND)? else { return Ok(()) };
        if !connection.command(&command)? {
            connection.packets.into_parts().0.close();
            return Ok(());
        }
    }
    Ok(())
}

impl Connection<'_> {
    /// Says whether to go on.
    fn command(&mut self, command: &[u8]) -> io::Result<bool> {
        let (code, rest) = command.split_first().map_or((0, &[][..]), |(code, rest)| (*code, rest));
        match code {
            0x01 => return Ok(false),
            0x02 => {
                let name = String::from_utf8_lossy(rest).into_owned();
                match self.session.use_database(&name) {
                    Ok(()) => self.done(&Done::default(), 0)?,
                    Err(fault) => self.fault(&fault)?,
                }
            }
            0x03 => self.query(rest)?,
            0x09 => {
                let threads = self.shared.processes.running().len();
                let text = format!("Uptime: 60  Threads: {threads}  Questions: 1  Slow queries: 0");
                self.packets.send(text.as_bytes())?;
                return Ok(true);
            }
            0x0e => self.done(&Done::default(), 0)?,
            0x1b => self.set_option(rest)?,
            0x1f => {
                self.session.reset();
                self.done(&Done::default(), 0)?;
            }
            0x16 => self.fault(&Fault::new(
                1295,
                "HY000",
                "This command is not supported in the prepared statement protocol yet",
            ))?,
            _ => self.fault(&Fault::new(1047, "08S01", "Unknown command"))?,
        }
        self.packets.flush()?;
        Ok(true)
    }

    fn set_option(&mut self, rest: &[u8]) -> io::Result<()> {
        match rest.first() {
            Some(0) => self.capabilities |= capability::MULTI_STATEMENTS,
            _ => self.capabilities &= !capability::MULTI_STATEMENTS,
        }
        let end = end_of_rows(0, self.status(0));
        self.packets.write(&end)
    }

    fn status(&self, more: u16) -> u16 {
        let transaction = if self.session.in_transaction() { STATUS_IN_TRANSACTION } else { 0 };
        STATUS_AUTOCOMMIT | transaction | more
    }

    fn done(&mut self, done: &Done, more: u16) -> io::Result<()> {
        let status = self.status(more);
        self.packets.write(&done.encode(0, status))
    }

    fn fault(&mut self, fault: &Fault) -> io::Result<()> {
        self.packets.write(&error(fault.code, Some(fault.state), &fault.message))
    }

    fn query(&mut self, sql: &[u8]) -> io::Result<()> {
        let statements = statements(sql);
        if statements.is_empty() {
            // Nothing but a comment is a statement that does nothing: what dump programs hide from other servers.
            if sql.iter().any(|byte| !byte.is_ascii_whitespace() && *byte != b';') {
                return self.done(&Done::default(), 0);
            }
            return self.fault(&Fault::new(1065, "42000", "Query was empty"));
        }
        if statements.len() > 1 && self.capabilities & capability::MULTI_STATEMENTS == 0 {
            let message = "You have an error in your SQL syntax: several statements in one query";
            return self.fault(&Fault::new(1064, "42000", message));
        }
        let last = statements.len() - 1;
        for (index, statement) in statements.iter().enumerate() {
            let more = if index < last { STATUS_MORE_RESULTS } else { 0 };
            let mut rows = Rows { packets: &mut self.packets, capabilities: self.capabilities, more };
            match self.session.run(statement, sql, &mut rows) {
                Ok(Finish::Done(done)) => self.done(&done, more)?,
                Ok(Finish::Rows(warnings)) => self.end_rows(warnings, more)?,
                Err(Failure::Fault(fault)) => return self.fault(&fault),
                Err(Failure::Wire(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn end_rows(&mut self, warnings: u16, more: u16) -> io::Result<()> {
        let status = self.status(more);
        let end = if self.capabilities & capability::DEPRECATE_EOF != 0 {
            Done { warnings, ..Done::default() }.encode(0xfe, status)
        } else {
            end_of_rows(warnings, status)
        };
        self.packets.write(&end)
    }
}

struct Rows<'a> {
    packets: &'a mut Packets<Wire>,
    capabilities: u32,
    more: u16,
}

impl Sink for Rows<'_> {
    fn columns(&mut self, columns: &[Column]) -> io::Result<()> {
        let mut count = Vec::new();
        put_length(&mut count, columns.len() as u64);
        self.packets.write(&count)?;
        for column in columns {
            self.packets.write(&column.encode())?;
        }
        if self.capabilities & capability::DEPRECATE_EOF == 0 {
            self.packets.write(&end_of_rows(0, STATUS_AUTOCOMMIT | self.more))?;
        }
        Ok(())
    }

    fn row(&mut self, row: &[u8]) -> io::Result<()> {
        self.packets.write(row)
    }
}

//! Why a stand-in can't be had, for the person who wanted one.

use std::{io, net::IpAddr, path::PathBuf};

use crate::model::report::fault::{Explain, FaultClass};

#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error("could not open the stand-in's data folder `{}`", folder.display())]
    Data { folder: PathBuf, source: io::Error },
    #[error("could not listen on port {port} for the stand-in")]
    Port { port: u16, source: io::Error },
    #[error("could not listen at {address}, port {port}, for other machines")]
    Host { address: IpAddr, port: u16, source: io::Error },
    #[error("could not start the stand-in: port {port} leaves no room for the others after it")]
    PortRange {
        port: u16,
        /// The highest that leaves room.
        last: u16,
    },
    #[error("could not start the stand-in: another process has its data folder `{}`", folder.display())]
    Held { folder: PathBuf, pid: Option<u32> },
    #[error("could not reach the stand-in that has the data folder `{}`", folder.display())]
    Silent { folder: PathBuf, pid: Option<u32> },
    #[error("could not take over the stand-in, whose process has ended: port {port} is not free")]
    TakeOver { port: u16, source: io::Error },
    #[error(
        "could not go on with the stand-in of the data folder `{}`: it was started anew, at other addresses or with \
         other keys",
        folder.display()
    )]
    Moved { folder: PathBuf },
}

impl Explain for LocalError {
    fn class(&self) -> FaultClass {
        FaultClass::NeedsPerson
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Data { source, .. } if source.kind() == io::ErrorKind::InvalidData => {
                "A file in it is damaged. Move the folder away to begin with an empty one, or name another with \
                 `--data`."
                    .to_owned()
            }
            Self::Data { source, .. }
                if matches!(source.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory) =>
            {
                "Name a folder with `--data`, or move that file away.".to_owned()
            }
            Self::Data { .. } => "Make it writable, or name another folder with `--data`.".to_owned(),
            Self::Port { port, source } if source.kind() == io::ErrorKind::AddrInUse => {
                format!("Another program uses port {port}. Choose another with `--port`, or `--port 0` for any.")
            }
            Self::Port { .. } => "Choose another port with `--port`, or `--port 0` for any.".to_owned(),
            Self::Host { .. } => {
                "Name an address that this computer has, or --host alone for the one that leads to its network; \
                 `--port 0` takes free ports."
                    .to_owned()
            }
            Self::PortRange { last, .. } => {
                format!("Choose a port up to {last} with `--port`, or `--port 0` for any.")
            }
            Self::Held { pid, .. } => format!("End {}, or name another folder with `--data`.", process(*pid)),
            Self::TakeOver { port, .. } => {
                format!("End the program that uses port {port}: the stand-in is then served there again.")
            }
            Self::Moved { .. } => "Start this program again: it then finds the other stand-in.".to_owned(),
            Self::Silent { pid, .. } => {
                format!("End {}, which does not answer, or name another folder with `--data`.", process(*pid))
            }
        };
        Some(hint)
    }
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "that process".to_owned(), |pid| format!("process {pid}"))
}

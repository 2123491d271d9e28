//! Whether other machines may watch what the stand-in serves: only where that was asked for, and only of the stand-in.

use std::{
    io,
    net::{IpAddr, UdpSocket},
};

use crate::{
    cli::HostArg,
    model::{reel::order::Place, report::fault::Explain},
};

#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error("could not find an address by which other machines reach this one")]
    NoAddress(#[source] io::Error),
    #[error("could not use --host: it opens the stand-in to your network, and the target is AWS")]
    NotTheStandIn,
}

impl Explain for NetworkError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoAddress(_) => "Name it: --host=ADDRESS.",
            Self::NotTheStandIn => {
                "Leave --host out (what is on AWS can be watched from everywhere), or add --target local."
            }
        };
        Some(hint.to_owned())
    }
}

/// The address at which the stand-in of a publishing, or of the wizard, is opened.
pub(super) fn at(host: Option<HostArg>, place: &Place) -> Result<Option<IpAddr>, NetworkError> {
    if host.is_some() && !place.is_local() {
        return Err(NetworkError::NotTheStandIn);
    }
    host.map(address).transpose()
}

/// The address that packets to other networks leave from: what others of this network call this computer by.
pub fn address(host: HostArg) -> Result<IpAddr, NetworkError> {
    if let HostArg::At(address) = host {
        return Ok(address);
    }
    // nothing is sent: connecting such a socket only looks up the way
    let own = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    match own.map(|own| own.ip()) {
        // a network that leads nowhere
        Ok(own) if own.is_loopback() || own.is_unspecified() => {
            Err(NetworkError::NoAddress(io::ErrorKind::NetworkUnreachable.into()))
        }
        own => own.map_err(NetworkError::NoAddress),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reel::order::Target;

    #[test]
    fn only_the_stand_in_is_opened_and_only_where_that_was_asked_for() {
        let local = Place { target: Target::Local, region: None };
        let aws = Place { target: Target::Aws { profile: None }, region: None };
        let there = HostArg::At(IpAddr::from([192, 168, 1, 7]));
        assert_eq!(at(None, &local).unwrap(), None);
        assert_eq!(at(None, &aws).unwrap(), None);
        assert_eq!(at(Some(there), &local).unwrap(), Some(IpAddr::from([192, 168, 1, 7])));
        for host in [there, HostArg::Auto] {
            assert!(matches!(at(Some(host), &aws), Err(NetworkError::NotTheStandIn)));
        }
    }
}

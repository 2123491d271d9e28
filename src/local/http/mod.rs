//! Requests as they come in: connections and their seats, bodies, forms, answers in XML.

pub mod body;
pub mod connection;
pub mod proxy;
pub mod seats;
pub mod xml;
pub mod zip_field;

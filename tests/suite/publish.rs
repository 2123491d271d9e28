//! The built binary publishes to the stand-in; what players get is compared with the source.

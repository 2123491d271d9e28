//! The gate's and the relay's contract (`assets/gate/README.md`): one suite, run against every implementation.

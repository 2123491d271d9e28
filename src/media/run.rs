//! A program that is run to its end: within a time, with bounded output, and stopped when the work is cancelled.

use std::{io, process::ExitStatus, time::Duration};

use tokio::{process::Command, time::timeout};
use tokio_util::sync::CancellationToken;

use super::ffmpeg::{Process, read_bounded, read_end};

/// What a run may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub time: Duration,
    /// Bytes of standard output that are kept; the rest is read and dropped.
    pub answer: usize,
    /// The same of standard error, of which the end is kept: programs say last why they gave up, and what they found.
    pub complaints: usize,
}

#[derive(Debug)]
pub(super) enum Ended {
    Itself(Output),
    /// Stopped after its time.
    Slow,
    Cancelled,
}

#[derive(Debug)]
pub(super) struct Output {
    pub status: ExitStatus,
    pub answer: Vec<u8>,
    /// There was more of it.
    pub is_cut: bool,
    pub complaints: String,
}

/// Nothing is left running, however it ends. An error means that it could not be run.
pub(super) async fn to_end(command: Command, bounds: Bounds, cancel: &CancellationToken) -> io::Result<Ended> {
    let mut process = Process::spawn(command)?;
    let work = async {
        let both = tokio::try_join!(
            read_bounded(&mut process.stdout, bounds.answer),
            read_end(&mut process.stderr, bounds.complaints)
        );
        both
    };
    let read = tokio::select! {
        read = timeout(bounds.time, work) => read.map_err(|_| Ended::Slow),
        () = cancel.cancelled() => Err(Ended::Cancelled),
    };
    let read = match read {
        Ok(read) => read,
        Err(stopped) => {
            process.stop().await;
            return Ok(stopped);
        }
    };
    let ((answer, is_cut), complaints) = read?;
    let complaints = String::from_utf8_lossy(&complaints).into_owned();
    Ok(Ended::Itself(Output { status: process.wait().await?, answer, is_cut, complaints }))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_what_a_program_complains_the_end_is_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "head -c 300000 /dev/zero | tr '\\0' x >&2; echo the end >&2"]);
        let bounds = Bounds { time: Duration::from_secs(60), answer: 10, complaints: 4096 };
        let Ok(Ended::Itself(output)) = to_end(command, bounds, &CancellationToken::new()).await else { panic!() };
        assert!(output.complaints.ends_with("xthe end\n"), "{} bytes", output.complaints.len());
        assert_eq!(output.complaints.len(), 4096);
    }
}

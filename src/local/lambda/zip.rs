//! Whether an uploaded file is a zip that Lambda takes.

use std::io::{self, BufReader, Read};

use ::zip::{CompressionMethod, ZipArchive};

use crate::local::{context::Context, error::ApiError, http::body::NewCode, limits::UNZIPPED_BYTES};

/// Reads the zip through: its directory, its sizes and, of stored entries, the content against its CRC-32. Compressed
/// entries are taken by their headers: the stand-in runs no code, so it has no use for what is in them.
///
/// What passes is made durable at once, so that keeping it later is quick.
pub(super) fn check(shared: &Context, code: &NewCode) -> Result<(), ApiError> {
    if code.bytes == 0 {
        return Err(ApiError::invalid_parameter("Uploaded file must be a non-empty zip"));
    }
    let broken = || {
        let message = "Could not unzip uploaded file. Please check your file, then try to upload again.";
        ApiError::invalid_parameter(message)
    };
    let file = code.file.reopen()?;
    let mut zip = ZipArchive::new(BufReader::with_capacity(256 * 1024, file)).map_err(|_| broken())?;
    if zip.is_empty() {
        return Err(ApiError::invalid_parameter("Uploaded file must be a non-empty zip"));
    }
    let mut unzipped = 0u64;
    for at in 0..zip.len() {
        let entry = zip.by_index_raw(at).map_err(|_| broken())?;
        unzipped = unzipped.saturating_add(entry.size());
        if unzipped >= UNZIPPED_BYTES {
            let message = format!("Unzipped size must be smaller than {UNZIPPED_BYTES} bytes");
            return Err(ApiError::invalid_parameter(message));
        }
        let stored = entry.compression() == CompressionMethod::Stored;
        drop(entry);
        if stored {
            let mut entry = zip.by_index(at).map_err(|_| broken())?;
            drain(&mut entry).map_err(|_| broken())?;
        }
    }
    Ok(shared.store.sync_blob(&code.file)?)
}

fn drain(source: &mut impl Read) -> io::Result<()> {
    let mut piece = vec![0; 128 * 1024];
    while source.read(&mut piece)? > 0 {}
    Ok(())
}

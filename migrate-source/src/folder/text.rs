//! The bytes of a file to text as every checkout has it: UTF-8 without a byte order mark, line
//! ends `\n`.

use super::{Finding, Problem};
use crate::place::Place;

/// The text of the file at `path`, or what makes it none.
pub(super) fn decode(path: &str, bytes: &[u8]) -> Result<String, Finding> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(
            Finding::new(Problem::NotUtf8, "this file is UTF-16, not UTF-8")
                .at(Place::file(path))
                .help("save it as UTF-8"),
        );
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let readable = String::from_utf8_lossy(bytes);
        Finding::new(
            Problem::NotUtf8,
            format!("the byte 0x{:02X} is not UTF-8 here", bytes[offset]),
        )
        .at(Place::at(path, &readable, 1, offset, 1))
        .help("save the file as UTF-8")
    })?;
    if let Some(offset) = text.find('\0') {
        return Err(Finding::new(Problem::NulByte, "there is a NUL byte here")
            .at(Place::at(path, text, 1, offset, 1))
            .help("remove it: no database reads beyond it")
            .help("a file full of them is UTF-16: save it as UTF-8"));
    }
    Ok(text.replace("\r\n", "\n"))
}

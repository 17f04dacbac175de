//! How large JSON is on its way through Lambda, where a body travels as a string within JSON.

use std::io;

use serde::Serialize;

/// Bytes of a JSON text, or of a part of one, on its way.
pub fn sent_bytes(text: &[u8]) -> usize {
    let escaped = text
        .iter()
        .filter(|byte| matches!(byte, b'"' | b'\\' | b'\n'));
    text.len() + escaped.count()
}

/// The same of a value's text, which is not made for that.
pub fn sent_bytes_of(value: &impl Serialize) -> usize {
    let mut counted = Counted(0);
    // Where bytes are but counted, nothing can fail.
    let _ = serde_json::to_writer(&mut counted, value);
    counted.0
}

/// Counts what is written.
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += sent_bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_counted_is_what_a_text_takes_as_a_string() {
        for value in [
            json!(null),
            json!("plain"),
            json!({"quoted \"name\"": ["back\\slash", "line\nfeed", "\u{1}", "é", 1.50, true]}),
        ] {
            let text = value.to_string();
            let as_a_string = json!(text).to_string();
            // Without its own two quotes.
            assert_eq!(sent_bytes_of(&value), as_a_string.len() - 2, "{text}");
            assert_eq!(sent_bytes(text.as_bytes()), as_a_string.len() - 2, "{text}");
        }
        assert_eq!(sent_bytes(b"{\n}"), 4);
    }
}

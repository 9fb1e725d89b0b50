//! What happened in a run, for a reader: verbs and events between the frames that they caused.

use std::time::Duration;

use crate::Recording;

/// Lines, each with the number of frames that had been written before it.
#[derive(Debug, Default)]
pub(crate) struct Trace(Vec<(usize, String)>);

impl Trace {
    pub(crate) fn note(&mut self, at: Duration, frames: usize, line: String) {
        let time = at.as_secs_f64() * 1e3;
        self.0.push((frames, format!("{time:9.3} ms  {line}")));
    }

    /// All of it as text.
    pub(crate) fn show(&self, recording: &Recording) -> String {
        let mut text = String::new();
        let mut lines = self.0.iter().peekable();
        let pictures = recording.pictures();
        for count in 0..=pictures.len() {
            while let Some((_, line)) = lines.next_if(|(frames, _)| *frames <= count) {
                text.push_str(line);
                text.push('\n');
            }
            if let Some(picture) = pictures.get(count) {
                text.push_str(picture);
                text.push('\n');
            }
        }
        text
    }
}

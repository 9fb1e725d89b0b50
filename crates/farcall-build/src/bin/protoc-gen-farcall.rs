//! `protoc --farcall_out=FOLDER`, and `local: protoc-gen-farcall` in `buf.gen.yaml`: standard input to standard output.
//! What is written is decided in the library's `plugin`.

use std::io::{self, Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("protoc-gen-farcall: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut request = Vec::new();
    io::stdin().lock().read_to_end(&mut request)?;
    let response = farcall_build::plugin::answer(&request)?;
    io::stdout().lock().write_all(&response)?;
    Ok(())
}

//! `interop-client --server_host H --server_port N --test_case T`: runs one case; exit code 0, or the reason on stderr.
//! The cases themselves are the library's.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Parser};
use farcall::Channel;
use interop::cases::{self, Case};
use interop::soak::{SOAKS, SoakFlags, soak};

/// Runs one case of the interop tests against a server of grpc.testing.TestService.
#[derive(Debug, Parser)]
#[command(rename_all = "snake_case")]
struct Flags {
    /// The server's name or address.
    #[arg(long, default_value = "127.0.0.1")]
    server_host: String,
    /// The server's port.
    #[arg(long, required_unless_present = "target")]
    server_port: Option<u16>,
    /// The server's target, in place of its name and port, such as unix:/run/test.sock.
    #[arg(long, conflicts_with_all = ["server_host", "server_port"])]
    target: Option<String>,
    /// What to call the server in `:authority`, in place of its host and port.
    #[arg(long, value_name = "NAME")]
    server_host_override: Option<String>,
    /// The case.
    #[arg(long, value_parser = PossibleValuesParser::new(names()))]
    test_case: String,
    /// TLS, which this client does not have: only `false` is accepted.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true")]
    use_tls: bool,
    /// The certificates that TLS would trust: without TLS either value means the same.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true")]
    use_test_ca: bool,
    #[command(flatten)]
    soak: SoakFlags,
}

/// Every case by name.
fn names() -> impl Iterator<Item = &'static str> {
    cases::all().map(|case| case.name).chain(SOAKS)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    match run(&flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", flags.test_case);
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: &Flags) -> Result<(), Box<dyn std::error::Error>> {
    if flags.use_tls {
        let ca = if flags.use_test_ca { "the test CA" } else { "any CA" };
        return Err(format!("there is no TLS here yet, with {ca}: pass --use_tls=false").into());
    }
    let target = target(flags);
    let mut builder = Channel::builder(&target);
    if let Some(name) = &flags.server_host_override {
        builder = builder.authority(name);
    }
    let channel = builder.clone().build()?;
    match Case::find(&flags.test_case) {
        Some(case) => Ok(case.run(channel).await?),
        // Which was built once can be built again.
        None => {
            let open = move || builder.clone().build().unwrap_or_else(|_| channel.clone());
            Ok(soak(flags.soak.clone(), &target, flags.test_case == "channel_soak", open).await?)
        }
    }
}

fn target(flags: &Flags) -> String {
    // Without a target there is a port: clap sees to it.
    let (host, port) = (&flags.server_host, flags.server_port.unwrap_or_default());
    match &flags.target {
        Some(target) => target.clone(),
        None if host.contains(':') => format!("[{host}]:{port}"),
        None => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Flags, String> {
        let words = ["interop-client"].into_iter().chain(line.split_whitespace());
        Flags::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn the_official_flags_are_understood() {
        let line = "--server_host=::1 --server_port 7 --test_case=empty_unary";
        let flags = parse(line).unwrap();
        assert_eq!(target(&flags), "[::1]:7");
        for tls in ["--use_tls=false", "--use_tls false", "--use_test_ca=true", "--server_host_override foo.test"] {
            assert!(!parse(&format!("{line} {tls}")).unwrap().use_tls, "{tls}");
        }
        assert!(parse(&format!("{line} --use_tls")).unwrap().use_tls);
        let unix = parse("--target unix:/run/test.sock --test_case empty_unary").unwrap();
        assert_eq!(target(&unix), "unix:/run/test.sock");
        assert!(parse(&format!("{line} --target unix:a")).is_err() && parse("--test_case empty_unary").is_err());
    }

    #[test]
    fn an_unknown_case_is_answered_with_the_list() {
        let text = parse("--server_port 7 --test_case pong").unwrap_err();
        assert!(names().all(|name| text.contains(name)), "{text}");
    }
}

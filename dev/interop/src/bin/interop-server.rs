//! `interop-server --port N`: serves `grpc.testing.TestService`, and says where. The service itself is the library's.

use std::process::ExitCode;

use clap::{ArgAction, Parser};
use farcall::Server;
use farcall::server::ServerBuilder;
use interop::proto::grpc::testing::TestServiceServer;
use interop::service::InteropService;
use tokio::signal::unix::{SignalKind, signal};

/// Serves grpc.testing.TestService for the interop tests; prints "listening on ADDRESS" when it is ready.
#[derive(Debug, Parser)]
#[command(rename_all = "snake_case")]
struct Flags {
    /// The port; 0 lets the system choose a free one.
    #[arg(long, default_value_t = 10_000)]
    port: u16,
    /// The address to listen on; :: for every address of the machine.
    #[arg(long, default_value = "127.0.0.1")]
    host: std::net::IpAddr,
    /// A Unix socket to listen on in place of host and port: unix:PATH, or unix-abstract:NAME.
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["host", "port"])]
    listen: Option<String>,
    /// The longest request message, in bytes.
    #[arg(long, default_value_t = 4 << 20, value_name = "BYTES")]
    max_receive_message_length: u32,
    /// TLS, which this server does not have: only `false` is accepted.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true")]
    use_tls: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("interop-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(flags: Flags) -> Result<(), Box<dyn std::error::Error>> {
    if flags.use_tls {
        return Err("there is no TLS here yet: pass --use_tls=false".into());
    }
    let builder = Server::builder()
        .receive_limit(flags.max_receive_message_length)
        .service(TestServiceServer::new(InteropService::new()));
    if let Some(listen) = &flags.listen {
        return serve_unix(builder, listen).await;
    }
    let bound = builder.bind(std::net::SocketAddr::new(flags.host, flags.port)).await?;
    println!("listening on {}", bound.local_addr());
    bound.serve().await?;
    Ok(())
}

/// Until SIGTERM, with which scripts end it: a socket's file goes with its server.
async fn serve_unix(builder: ServerBuilder, listen: &str) -> Result<(), Box<dyn std::error::Error>> {
    let bound = match (listen.strip_prefix("unix-abstract:"), listen.strip_prefix("unix:")) {
        (Some(name), _) => builder.bind_unix_abstract(name).await?,
        (_, Some(path)) => builder.bind_unix(path.strip_prefix("//").unwrap_or(path)).await?,
        _ => return Err(format!("{listen:?} is no Unix socket: write unix:PATH or unix-abstract:NAME").into()),
    };
    let mut terminated = signal(SignalKind::terminate())?;
    println!("listening on {}", bound.target());
    let end = async move {
        terminated.recv().await;
    };
    bound.serve_with_shutdown(end).await?;
    Ok(())
}

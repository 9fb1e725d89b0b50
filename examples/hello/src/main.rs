//! The smallest farcall program: a server, a client, one call between them.

use farcall::{Call, Channel, Server, Status};
use proto::hello::v1::{Greeter, GreeterClient, GreeterServer, HelloReply, HelloRequest};

#[allow(unreachable_pub, reason = "generated code is public, and a program has no public")]
mod proto {
    //! What `build.rs` made of `proto/hello.proto`.
    farcall_protobuf::include_proto!();
}

struct Hello;

impl Greeter for Hello {
    async fn say_hello(&self, _call: &Call, request: HelloRequest) -> Result<HelloReply, Status> {
        Ok(HelloReply { message: format!("Hello, {}!", request.name), ..Default::default() })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().service(GreeterServer::new(Hello)).bind("127.0.0.1:0").await?;
    let address = server.local_addr();
    tokio::spawn(server.serve());

    let greeter = GreeterClient::new(Channel::new(&format!("http://{address}"))?);
    let reply = greeter.say_hello(HelloRequest { name: "world".into(), ..Default::default() }).await?;
    println!("{}", reply.message);
    Ok(())
}

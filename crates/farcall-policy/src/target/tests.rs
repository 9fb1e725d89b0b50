//! Targets as people write them, and what the others are told.

use super::*;

fn dns(host: &str, port: u16) -> Address {
    Address::Dns { host: host.to_owned(), port }
}

fn socket(text: &str) -> Address {
    Address::Ip(text.parse().expect("the address of a test"))
}

/// Each target with its address and its authority.
fn all_parse(cases: &[(&str, Address, &str)]) {
    for (text, address, authority) in cases {
        let target = Target::parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(target.address(), address, "{text}");
        assert_eq!(target.authority(), *authority, "{text}");
        assert_eq!(target.to_string(), *text, "it is shown as it was written");
        assert_eq!(text.parse::<Target>().as_ref(), Ok(&target));
    }
}

/// Each target with what its error has to say.
fn all_fail(cases: &[(&str, &str)]) {
    for (text, part) in cases {
        let error = Target::parse(text).expect_err(text);
        assert_eq!(error.target(), *text);
        let message = error.to_string();
        assert!(message.starts_with(&format!("the target {text:?} ")), "{message}");
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

#[test]
fn names_with_and_without_a_scheme_are_resolved() {
    all_parse(&[
        ("dns:///users:50051", dns("users", 50051), "users:50051"),
        ("dns:users:50051", dns("users", 50051), "users:50051"),
        ("dns:/users:50051", dns("users", 50051), "users:50051"),
        ("DNS:///users:50051", dns("users", 50051), "users:50051"),
        ("users:50051", dns("users", 50051), "users:50051"),
        ("localhost:50051", dns("localhost", 50051), "localhost:50051"),
        (
            "user-svc.prod.svc.cluster.local:1",
            dns("user-svc.prod.svc.cluster.local", 1),
            "user-svc.prod.svc.cluster.local:1",
        ),
        ("my_container:65535", dns("my_container", 65535), "my_container:65535"),
        ("http://users:50051", dns("users", 50051), "users:50051"),
        ("Http://users:50051", dns("users", 50051), "users:50051"),
    ]);
}

#[test]
fn the_port_is_443_where_none_is_written_and_80_for_http() {
    all_parse(&[
        ("users", dns("users", 443), "users"),
        ("dns:///users", dns("users", 443), "users"),
        ("dns:users", dns("users", 443), "users"),
        ("ipv4:10.0.0.1", socket("10.0.0.1:443"), "10.0.0.1"),
        ("ipv6:[::1]", socket("[::1]:443"), "[::1]"),
        ("ipv6:2607:f8b0:400e:c00::ef", socket("[2607:f8b0:400e:c00::ef]:443"), "[2607:f8b0:400e:c00::ef]"),
        ("[::1]", socket("[::1]:443"), "[::1]"),
        ("http://users", dns("users", 80), "users"),
    ]);
}

#[test]
fn the_name_of_a_scheme_is_also_the_name_of_a_host() {
    all_parse(&[("dns:///dns:53", dns("dns", 53), "dns:53"), ("dns:///http", dns("http", 443), "http")]);
}

#[test]
fn addresses_need_no_resolver() {
    all_parse(&[
        ("127.0.0.1:50051", socket("127.0.0.1:50051"), "127.0.0.1:50051"),
        ("dns:///127.0.0.1:50051", socket("127.0.0.1:50051"), "127.0.0.1:50051"),
        ("ipv4:1.2.3.4:50051", socket("1.2.3.4:50051"), "1.2.3.4:50051"),
        ("http://127.0.0.1:50051", socket("127.0.0.1:50051"), "127.0.0.1:50051"),
        ("[::1]:50051", socket("[::1]:50051"), "[::1]:50051"),
        ("ipv6:[::1]:50051", socket("[::1]:50051"), "[::1]:50051"),
        ("ipv6:[2607:f8b0:400e:c00::ef]:443", socket("[2607:f8b0:400e:c00::ef]:443"), "[2607:f8b0:400e:c00::ef]:443"),
        ("dns:///[2001:db8::1]:50051", socket("[2001:db8::1]:50051"), "[2001:db8::1]:50051"),
        ("http://[::1]:50051", socket("[::1]:50051"), "[::1]:50051"),
    ]);
}

#[test]
fn a_zone_is_kept_for_the_socket_and_off_the_wire() {
    all_parse(&[("[fe80::1%2]:50051", socket("[fe80::1%2]:50051"), "[fe80::1]:50051")]);
}

#[test]
fn unix_sockets_are_paths_or_abstract_names() {
    all_parse(&[
        ("unix:users.sock", Address::Unix("users.sock".into()), "localhost"),
        ("unix:/run/users.sock", Address::Unix("/run/users.sock".into()), "localhost"),
        ("unix:///run/users.sock", Address::Unix("/run/users.sock".into()), "localhost"),
        ("unix-abstract:users", Address::UnixAbstract("users".into()), "localhost"),
    ]);
    all_fail(&[
        ("unix:", "empty path"),
        ("unix-abstract:", "empty path"),
        ("unix:/run/\0users", "zero byte"),
        ("unix-abstract:\0users", "zero byte"),
        ("unix://run/users.sock", "write unix:///run/users.sock"),
    ]);
}

#[test]
fn an_unknown_scheme_is_named_beside_those_that_exist() {
    all_fail(&[
        ("xds:///users", "unknown scheme `xds`; known are dns, ipv4, ipv6, http, unix and unix-abstract"),
        ("passthrough:///users:50051", "unknown scheme `passthrough`"),
        ("ftp://users:50051", "unknown scheme `ftp`"),
        ("passthrough:users", "neither a known scheme (`passthrough`) nor a port in digits (`users`)"),
        ("localhost:http", "nor a port in digits (`http`)"),
        ("https://users:443", "TLS"),
    ]);
}

#[test]
fn a_target_without_a_host_is_refused() {
    all_fail(&[
        ("", "is empty; write a host and a port, as in localhost:50051"),
        ("   ", "is empty"),
        (":50051", "names no host"),
        ("dns:", "names no host"),
        ("dns:///", "names no host"),
        ("dns:///:50051", "names no host"),
        ("http://", "names no host"),
        ("http://:50051", "names no host"),
        ("/users", "names no host"),
        ("ipv4:", "names no host"),
    ]);
}

#[test]
fn a_port_is_a_number_from_1_to_65535() {
    all_fail(&[
        ("users:0", "has the port `0`; a port is a number from 1 to 65535"),
        ("users:65536", "`65536`"),
        ("users:99999999999999999999", "`99999999999999999999`"),
        ("users:", "has the port ``"),
        ("dns:///users:fifty", "`fifty`"),
        ("dns:///users:+80", "`+80`"),
        ("dns:///users:-1", "`-1`"),
        ("[::1]:0", "`0`"),
        ("[::1]:", "has the port ``"),
        ("ipv4:127.0.0.1:70000", "`70000`"),
    ]);
}

#[test]
fn an_ipv6_address_without_brackets_is_spelled_right_in_the_error() {
    all_fail(&[
        ("::1:50051", "write [::1]:50051"),
        ("::1", "write [::1]:50051"),
        ("dns:///2001:db8::1", "write [2001:db8::1]:50051"),
        ("2001:db8:1:2:3:4:5:6", "write [2001:db8:1:2:3:4:5:6]:50051"),
        ("2001:db8:1:2:3:4:5:6:443", "write [2001:db8:1:2:3:4:5:6]:443"),
        ("users:50051:50052", "as in [::1]:50051"),
        ("[::1", "as in [::1]:50051"),
        ("[::1]50051", "as in [::1]:50051"),
        ("[users]:50051", "`users` where an IPv6 address is due"),
        ("[127.0.0.1]:50051", "`127.0.0.1` where an IPv6 address is due"),
    ]);
}

//= RFC 9113 §8.3.1: no user and no password stand in :authority
#[test]
fn what_stands_beside_the_address_is_refused() {
    all_fail(&[
        ("http://users:50051/", "has a path after its address; write users:50051,"),
        ("users:50051/v1", "write users:50051,"),
        ("dns:///users:50051/v1", "write users:50051,"),
        ("users:50051?x=1", "write users:50051,"),
        ("users#top", "write users,"),
        ("http://me:secret@users:50051", "holds a user name before `@`; write users:50051,"),
        ("me@users:50051", "write users:50051,"),
        (
            "dns://8.8.8.8/users:50051",
            "names the DNS server `8.8.8.8`, which cannot be chosen here; write dns:///users:50051",
        ),
        ("dns://users:50051", "has two slashes where dns needs three; write dns:///users:50051"),
        ("http:users:50051", "write http://users:50051"),
        ("http:/users:50051", "write http://users:50051"),
    ]);
}

#[test]
fn several_addresses_are_refused_for_now() {
    all_fail(&[
        ("ipv4:1.2.3.4:50051,1.2.3.5:50051", "connects to one address"),
        ("ipv6:[::1]:50051,[::2]:50051", "connects to one address"),
        ("dns:///a:1,b:2", "connects to one address"),
    ]);
}

#[test]
fn an_address_of_the_wrong_family_is_refused() {
    all_fail(&[
        ("ipv4:[::1]:50051", "has `[::1]:50051` where ipv4: needs an address"),
        ("ipv4:users:50051", "has `users:50051` where ipv4:"),
        ("ipv6:127.0.0.1:50051", "has `127.0.0.1:50051` where an IPv6 address is due"),
        ("ipv6:users:50051", "has `users:50051`"),
    ]);
}

#[test]
fn a_host_of_strange_letters_is_refused() {
    all_fail(&[
        ("us ers:50051", "has the host `us ers`"),
        ("bücher.example:50051", "xn--"),
        ("users\n:50051", "has the host"),
        ("dns:///us%20ers:50051", "`us%20ers`"),
    ]);
}

#[test]
fn no_text_makes_the_parser_panic() {
    let pieces =
        ["", ":", "/", "//", "///", "[", "]", "@", ",", "dns", "ipv6", "http", "unix", "::1", "é", "\0", "0", "%", "?"];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                for d in pieces {
                    let text = [a, b, c, d].concat();
                    if let Err(error) = Target::parse(&text) {
                        assert!(!error.to_string().is_empty());
                    }
                }
            }
        }
    }
}

//! Which service answers which path.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use farcall_wire::grpc::Status;

use super::Call;
use super::raw::{Fallback, RawMessage};
use super::service::Service;
use crate::codec::Shape;
use crate::stream::{Inbound, Outbound};

/// The services of a server, by path; cheap to clone.
#[derive(Clone, Default)]
pub struct Router {
    routes: HashMap<&'static str, Arc<Route>>,
    services: BTreeSet<&'static str>,
    fallback: Option<Arc<Route>>,
    duplicate: Option<&'static str>,
}

impl Router {
    /// A router without services: every call ends with UNIMPLEMENTED.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a service. Two of the same name are an error that `bind` reports; until then the later one answers.
    #[must_use]
    pub fn service(mut self, service: impl Service) -> Self {
        let service: Arc<dyn Service> = Arc::new(service);
        let descriptor = service.descriptor();
        if !self.services.insert(descriptor.name) {
            self.duplicate = Some(descriptor.name);
        }
        for (index, method) in descriptor.methods.iter().enumerate() {
            self.routes.insert(method.path, Route::new(Arc::clone(&service), index, method.shape));
        }
        self
    }

    /// Answers every other path, with messages that are not decoded; the path is [`Call::path`].
    #[must_use]
    pub fn fallback<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Call, Inbound<RawMessage>, Outbound<RawMessage>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Status>> + Send + 'static,
    {
        self.fallback = Some(Route::new(Arc::new(Fallback(handler)), 0, Shape::Bidi));
        self
    }

    /// The names of the services, sorted.
    pub fn services(&self) -> impl Iterator<Item = &'static str> {
        self.services.iter().copied()
    }

    pub(super) fn find(&self, path: &str) -> Option<&Arc<Route>> {
        self.routes.get(path).or(self.fallback.as_ref())
    }

    pub(super) fn duplicate(&self) -> Option<&'static str> {
        self.duplicate
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("services", &self.services)
            .field("fallback", &self.fallback.is_some())
            .finish_non_exhaustive()
    }
}

/// One method, and how long its handlers keep the task that polls them.
pub(super) struct Route {
    pub(super) service: Arc<dyn Service>,
    pub(super) method: usize,
    pub(super) shape: Shape,
    /// How many quick first polls it takes until the method is polled in place again.
    heavy: AtomicU8,
    /// Its next first poll is timed by itself.
    suspect: AtomicBool,
}

impl Route {
    pub(super) fn new(service: Arc<dyn Service>, method: usize, shape: Shape) -> Arc<Self> {
        Arc::new(Self { service, method, shape, heavy: AtomicU8::new(0), suspect: AtomicBool::new(true) })
    }

    /// Whether its handlers are spawned at once.
    pub(super) fn is_heavy(&self) -> bool {
        self.heavy.load(Ordering::Relaxed) > 0
    }

    /// Whether its next first poll is timed by itself: the first of all, and one after a slow group.
    pub(super) fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    pub(super) fn suspect(&self, suspect: bool) {
        if suspect != self.is_suspect() {
            self.suspect.store(suspect, Ordering::Relaxed);
        }
    }

    /// Notes how a first poll went. The count is a hint, so that a lost update does not matter.
    pub(super) fn note(&self, slow: bool) {
        if slow {
            self.heavy.store(PROBATION, Ordering::Relaxed);
        } else if let Some(less) = self.heavy.load(Ordering::Relaxed).checked_sub(1) {
            self.heavy.store(less, Ordering::Relaxed);
        }
    }
}

/// Quick first polls after a slow one: enough that a method which is slow now and then stays away from its neighbours.
const PROBATION: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{MethodDescriptor, ServiceDescriptor};
    use crate::server::{Handling, Io};

    struct Named(&'static ServiceDescriptor);

    impl Service for Named {
        fn descriptor(&self) -> &'static ServiceDescriptor {
            self.0
        }

        fn start(&self, _: usize, call: Call, _: Io) -> Handling {
            Handling::unimplemented(call)
        }
    }

    const GET: MethodDescriptor = MethodDescriptor { name: "Get", path: "/a.A/Get", shape: Shape::Unary };
    static A: ServiceDescriptor = ServiceDescriptor { name: "a.A", methods: &[GET] };
    static B: ServiceDescriptor = ServiceDescriptor { name: "a.B", methods: &[] };

    #[test]
    fn a_path_finds_its_method_and_no_other() {
        let router = Router::new().service(Named(&B)).service(Named(&A));
        assert_eq!(router.services().collect::<Vec<_>>(), ["a.A", "a.B"]);
        assert_eq!(router.find("/a.A/Get").unwrap().shape, Shape::Unary);
        for path in ["/a.A/get", "/a.A/Get/", "a.A/Get", "/a.B/Get", ""] {
            assert!(router.find(path).is_none(), "{path}");
        }
        assert_eq!(router.duplicate(), None);
        assert_eq!(router.service(Named(&A)).duplicate(), Some("a.A"));
    }

    #[test]
    fn a_slow_method_is_heavy_until_it_was_quick_often_enough() {
        let route = Route::new(Arc::new(Named(&A)), 0, Shape::Unary);
        route.note(false);
        assert!(!route.is_heavy());
        route.note(true);
        for _ in 0..PROBATION {
            assert!(route.is_heavy());
            route.note(false);
        }
        assert!(!route.is_heavy());
    }
}

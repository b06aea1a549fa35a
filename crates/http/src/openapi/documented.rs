//! What the `OpenAPI` document says of one route.

use std::borrow::Cow;
use std::collections::BTreeMap;

use utoipa::ToSchema;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{Object, Ref, RefOr, Schema};

/// Schemas by name.
pub(super) type Schemas = BTreeMap<String, RefOr<Schema>>;

/// What the document says of one route. Refusals that every route of the same kind shares are added to it.
pub(crate) struct Documented {
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) request: Option<RequestBody>,
    pub(super) query: Vec<QueryParameter>,
    pub(super) outcomes: Vec<Outcome>,
}

/// A parameter behind the `?` of a URL; none is required.
pub(crate) struct QueryParameter {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) schema: Object,
}

/// A request body.
pub(crate) struct RequestBody {
    pub(super) body: Body,
    pub(super) required: bool,
}

/// One status of a route.
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) description: String,
    pub(super) body: Option<Body>,
}

/// A body of a request or a response.
pub(crate) struct Body {
    pub(super) media_type: &'static str,
    pub(super) described: Option<Described>,
}

/// How a body's schema is called and made. It is large, and hundreds of bodies have the same, so none carries it along.
#[derive(Clone, Copy)]
pub(super) struct Described {
    name: fn() -> Cow<'static, str>,
    schema: fn() -> RefOr<Schema>,
    referred_to: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Described {
    fn by<T: ToSchema>(schema: fn() -> RefOr<Schema>) -> Self {
        Self { name: T::name, schema, referred_to: T::schemas }
    }

    /// Adds the schema and all that it refers to, unless it is there.
    pub(super) fn add_to(self, schemas: &mut Schemas) {
        let name = (self.name)();
        if !schemas.contains_key(&*name) {
            schemas.insert(name.into_owned(), (self.schema)());
            let mut others = Vec::new();
            (self.referred_to)(&mut others);
            for (name, schema) in others {
                schemas.entry(name).or_insert(schema);
            }
        }
    }
}

/// A JSON body of this type.
pub(crate) fn success<T: ToSchema>() -> Body {
    Body { media_type: "application/json", described: Some(Described::by::<T>(T::schema)) }
}

/// A body of this media type.
pub(crate) const fn media(media_type: &'static str) -> Body {
    Body { media_type, described: None }
}

/// An optional request body of this type; fields that the type does not have are refused.
pub(crate) fn request<T: ToSchema>() -> RequestBody {
    let described = Some(Described::by::<T>(closed::<T>));
    RequestBody { body: Body { media_type: "application/json", described }, required: false }
}

/// A schema that has no fields but its own.
fn closed<T: ToSchema>() -> RefOr<Schema> {
    let mut schema = T::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    }
    schema
}

impl RequestBody {
    /// A request without it is refused.
    pub(crate) fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

impl Body {
    pub(super) fn reference(&self) -> Option<Ref> {
        self.described.map(|described| Ref::from_schema_name((described.name)()))
    }
}

impl Documented {
    pub(crate) const fn new(id: &'static str, summary: &'static str) -> Self {
        Self { id, summary, description: None, request: None, query: Vec::new(), outcomes: Vec::new() }
    }

    /// The same for a route on which the platform acts for a user.
    pub(crate) fn for_user(self, id: &'static str, summary: &'static str) -> Self {
        Self { id, summary, ..self }
    }

    pub(crate) const fn describe(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    pub(crate) fn request(self, request: RequestBody) -> Self {
        Self { request: Some(request), ..self }
    }

    pub(crate) fn query(mut self, parameter: QueryParameter) -> Self {
        self.query.push(parameter);
        self
    }

    pub(crate) fn success(self, body: Body) -> Self {
        self.outcome(200, "It worked.", Some(body))
    }

    /// 308, without a body.
    pub(crate) fn redirect(self) -> Self {
        self.outcome(308, "It is elsewhere; `Location` says where.", None)
    }

    /// 409, for one of these reasons.
    pub(crate) fn conflict(self, reasons: &str) -> Self {
        let description = format!("Not possible in the present state; `details.reason` is {reasons}.");
        self.outcome(409, &description, Some(super::error_body()))
    }

    /// 409 also for what an idempotency key stands in the way of.
    pub(super) fn repeatable(mut self) -> Self {
        const REASONS: &str = "idempotency_in_progress or idempotency_mismatch";
        match self.outcomes.iter_mut().find(|outcome| outcome.status == 409) {
            Some(conflict) => {
                conflict.description.push_str(" With an `Idempotency-Key` also ");
                conflict.description.push_str(REASONS);
                conflict.description.push('.');
                self
            }
            None => self.conflict(REASONS),
        }
    }

    /// 423, while too many wrong codes lock the factor.
    pub(crate) fn locked(self) -> Self {
        let description = "Too many wrong codes; nothing was looked at. `details.locked_until` says when to try again, and is \
                           null when only a reset helps.";
        self.outcome(423, description, Some(super::error_body()))
    }

    /// 404, for a path below that of the route.
    pub(crate) fn missing(self) -> Self {
        self.outcome(404, "There is no such file.", Some(super::error_body()))
    }

    /// 404, when the path names a `what` that is not there.
    pub(crate) fn unknown(self, what: &str) -> Self {
        self.outcome(404, &format!("There is no such {what}."), Some(super::error_body()))
    }

    /// 503 with a body that names what does not work.
    pub(crate) fn unready(self, body: Body) -> Self {
        self.outcome(503, "Something does not work; the body names it.", Some(body))
    }

    pub(super) fn outcome(mut self, status: u16, description: &str, body: Option<Body>) -> Self {
        self.outcomes.push(Outcome { status, description: description.to_owned(), body });
        self
    }
}

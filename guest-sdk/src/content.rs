//! Pieces of an answer: text, pictures, sound, resources.

/// Who reads a piece of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// A picture. Return it from a tool, or put it into a [`Content`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The bytes of the file, not encoded.
    pub data: Vec<u8>,
    /// Such as `image/png`.
    pub mime_type: String,
}

impl Image {
    /// A PNG file.
    pub fn png(data: impl Into<Vec<u8>>) -> Self {
        Self::new(data, "image/png")
    }

    /// A JPEG file.
    pub fn jpeg(data: impl Into<Vec<u8>>) -> Self {
        Self::new(data, "image/jpeg")
    }

    /// A file of another type.
    pub fn new(data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self {
            data: data.into(),
            mime_type: mime_type.into(),
        }
    }
}

/// Sound. Return it from a tool, or put it into a [`Content`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// The bytes of the file, not encoded.
    pub data: Vec<u8>,
    /// Such as `audio/wav`.
    pub mime_type: String,
}

impl Audio {
    /// A file of the given type.
    pub fn new(data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self {
            data: data.into(),
            mime_type: mime_type.into(),
        }
    }
}

/// Bytes of some type. Return them from a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The bytes of the file, not encoded.
    pub data: Vec<u8>,
    /// Such as `application/zip`.
    pub mime_type: String,
}

impl Blob {
    /// A file of the given type.
    pub fn new(data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self {
            data: data.into(),
            mime_type: mime_type.into(),
        }
    }
}

/// A pointer to a resource that the client may read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceLink {
    /// Where it is.
    pub uri: String,
    /// What it is called.
    pub name: String,
    /// A name for people.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Such as `text/plain`.
    pub mime_type: Option<String>,
    /// Size in bytes, if known.
    pub size: Option<u64>,
}

impl ResourceLink {
    /// A link with nothing but a name.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            name: name.into(),
            ..Self::default()
        }
    }
}

/// A resource carried in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Where it is from.
    pub uri: String,
    /// Such as `text/plain`.
    pub mime_type: Option<String>,
    /// What is in it.
    pub body: ResourceBody,
}

impl Resource {
    /// Text.
    pub fn text(
        uri: impl Into<String>,
        mime_type: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            uri: uri.into(),
            mime_type: Some(mime_type.into()),
            body: ResourceBody::Text(text.into()),
        }
    }
}

/// What is in a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceBody {
    /// Text.
    Text(String),
    /// Bytes, not encoded.
    Blob(Vec<u8>),
}

/// The kinds of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Text.
    Text(String),
    /// A picture.
    Image(Image),
    /// Sound.
    Audio(Audio),
    /// A pointer to a resource.
    ResourceLink(ResourceLink),
    /// A resource in full.
    Resource(Resource),
}

/// One piece of an answer, with hints about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// What it says.
    pub body: Body,
    /// Who reads it; empty means both.
    pub audience: Vec<Audience>,
    /// 0.0 (optional) to 1.0 (most important).
    pub priority: Option<f64>,
}

impl Content {
    /// Text without hints.
    pub fn text(text: impl Into<String>) -> Self {
        Body::Text(text.into()).into()
    }

    /// Says who reads it.
    pub fn audience(mut self, audience: Audience) -> Self {
        self.audience.push(audience);
        self
    }

    /// Says how important it is, from 0.0 to 1.0.
    pub fn priority(mut self, priority: f64) -> Self {
        self.priority = Some(priority);
        self
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<Body> for Content {
    fn from(body: Body) -> Self {
        Self {
            body,
            audience: Vec::new(),
            priority: None,
        }
    }
}

macro_rules! into_content {
    ($($source:ty => $kind:ident),+ $(,)?) => {$(
        impl From<$source> for Content {
            fn from(body: $source) -> Self {
                Body::$kind(body.into()).into()
            }
        }
    )+};
}

into_content! {
    String => Text,
    &str => Text,
    Image => Image,
    Audio => Audio,
    ResourceLink => ResourceLink,
    Resource => Resource,
}

//! Forged, expired and foreign tokens (RFC 8725) are refused.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};
use shared::model::patient::PatientDetails;
use shared::model::timestamp::Timestamp;
use shared::model::user::Role;
use shared::store::{PublicKey, ReadOwnAccount};
use shared::testing::{Actor, Event, Value, World, json, protected, run};
use shared::{ApiResult, Context, Granted, records, response};

const KID: &str = "a-published-key";

/// A key pair whose public key is published, and the parts of a valid token to alter and sign with it.
struct Forger {
    pair: Ed25519KeyPair,
    header: Value,
    claims: Value,
}

impl Forger {
    /// Publishes a key that does not retire. Header and claims are those of a valid token of the actor.
    async fn new(world: &World, actor: &Actor) -> Self {
        Self::until(world, actor, None).await
    }

    /// As [`Forger::new`], with a key that retires at `retires_at`.
    async fn until(world: &World, actor: &Actor, retires_at: Option<Timestamp>) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        let published_at = world.app.now();
        let public_key = PublicKey { kid: KID.to_owned(), x, published_at, retires_at };
        world.app.store().signing_keys().publish(public_key).await.unwrap();
        let token = secrecy::ExposeSecret::expose_secret(&actor.token).to_owned();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        Self {
            pair,
            header: json!({"alg": "EdDSA", "typ": "JWT", "kid": KID}),
            claims: serde_json::from_slice(&claims).unwrap(),
        }
    }

    fn with_header(&self, member: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[member] = value;
        self.sign(&header, &self.claims)
    }

    fn with_claim(&self, claim: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[claim] = value;
        self.sign(&self.header, &claims)
    }

    fn without_claim(&self, claim: &str) -> String {
        let mut claims = self.claims.clone();
        claims.as_object_mut().unwrap().remove(claim);
        self.sign(&self.header, &claims)
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

fn message(header: &Value, claims: &Value) -> String {
    [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
}

async fn open(_context: Context, _by: Granted<ReadOwnAccount>) -> ApiResult {
    response::no_content()
}

/// Calls a handler with each token, and returns the names of those that it accepts.
async fn accepted(world: &World, tokens: Vec<(&str, String)>) -> Vec<String> {
    let mut accepted = Vec::new();
    for (name, token) in tokens {
        let answer = world.call(protected(open), Event::of("auth-me").bearer(&token)).await;
        match answer.status {
            204 => accepted.push(name.to_owned()),
            _ => drop(answer.expect_problem(401, "token_not_valid")),
        }
    }
    accepted
}

#[test]
fn unaltered_token_of_the_forger_is_valid() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let forger = Forger::new(&world, &staff).await;
        let valid = forger.sign(&forger.header, &forger.claims);
        let past = forger.with_claim("nbf", forger.claims["iat"].clone());
        assert_eq!(accepted(&world, vec![("valid", valid), ("nbf", past)]).await, ["valid", "nbf"]);
    });
}

/// Tokens of other versions of this program: the hint decides nothing, so it is not required and not refused.
#[test]
fn token_without_a_hint_or_with_an_unknown_role_is_valid() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let forger = Forger::new(&world, &staff).await;
        let without = forger.without_claim("hint");
        let unknown = forger.with_claim("hint", json!({"role": "surgeon", "clinic": 7}));
        let tokens = vec![("without", without), ("unknown", unknown)];
        assert_eq!(accepted(&world, tokens).await, ["without", "unknown"]);
    });
}

/// A hint of a powerful role permits nothing that the account's role does not.
#[test]
fn hint_of_another_role_permits_nothing() {
    run(async |world: World| {
        let pending = world.actor(Role::Pending).await;
        let forger = Forger::new(&world, &pending).await;
        let token = forger.with_claim("hint", json!({"role": "admin"}));
        let list = protected(records::list::<PatientDetails>);
        let event = Event::of("patients-list").bearer(&token);
        world.call(list, event).await.expect_problem(403, "permission_denied");
    });
}

#[test]
fn header_cannot_choose_how_the_token_is_checked() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let forger = Forger::new(&world, &staff).await;
        let public = forger.pair.public_key().as_ref();
        let unsigned = |alg: &str| {
            let header = json!({"alg": alg, "typ": "JWT", "kid": KID});
            format!("{}.", message(&header, &forger.claims))
        };
        let hs256 = |secret: &[u8]| {
            let message = message(&json!({"alg": "HS256", "kid": KID}), &forger.claims);
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
        };
        let x = URL_SAFE_NO_PAD.encode(public);
        // The SPKI form of an Ed25519 key begins with these bytes (RFC 8410, 4).
        let spki = [&hex("302a300506032b6570032100"), public].concat();
        let spki = base64::engine::general_purpose::STANDARD.encode(spki);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n");
        let embedded = {
            let stranger = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
            let x = URL_SAFE_NO_PAD.encode(stranger.public_key());
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
            let header =
                json!({"alg": "EdDSA", "kid": KID, "jwk": jwk, "jku": "http://127.0.0.1:9/"});
            let message = message(&header, &forger.claims);
            let signature = URL_SAFE_NO_PAD.encode(stranger.sign(message.as_bytes()));
            format!("{message}.{signature}")
        };
        let tokens = vec![
            ("none", unsigned("none")),
            ("None", unsigned("None")),
            ("EdDSA without signature", unsigned("EdDSA")),
            ("HS256 with the public key", hs256(public)),
            ("HS256 with the public key's text", hs256(x.as_bytes())),
            ("HS256 with the public key's PEM", hs256(pem.as_bytes())),
            ("HS256 with nothing", hs256(b"")),
            ("a key of its own", embedded),
            ("ES256", forger.with_header("alg", json!("ES256"))),
            ("unknown kid", forger.with_header("kid", json!("../../keys"))),
            ("kid of another type", forger.with_header("kid", json!(7))),
            ("empty kid", forger.with_header("kid", json!(""))),
            ("kid of a query", forger.with_header("kid", json!("x' OR '1'='1"))),
            ("kid with a null", forger.with_header("kid", json!(format!("{KID}\0")))),
            ("kid of two", forger.with_header("kid", json!([KID, KID]))),
            ("kid without end", forger.with_header("kid", json!("k".repeat(100_000)))),
            ("something critical", forger.with_header("crit", json!(["exp"]))),
        ];
        assert_eq!(accepted(&world, tokens).await, [""; 0]);
    });
}

/// Parses hexadecimal digits.
fn hex(digits: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[test]
fn signature_must_match_every_byte() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let forger = Forger::new(&world, &staff).await;
        let valid = forger.sign(&forger.header, &forger.claims);
        let (message, signature) = valid.rsplit_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let signed_by = |bytes: &[u8]| format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes));
        let mut flipped = bytes.clone();
        flipped[63] ^= 1;
        let twice = format!(r#"{{"sub":"2",{}"#, &forger.claims.to_string()[1..]);
        let twice =
            format!("{}.{}", message.split('.').next().unwrap(), URL_SAFE_NO_PAD.encode(twice));
        let twice =
            format!("{twice}.{}", URL_SAFE_NO_PAD.encode(forger.pair.sign(twice.as_bytes())));
        let tokens = vec![
            ("all zeros", signed_by(&[0; 64])),
            ("one bit", signed_by(&flipped)),
            ("cut", signed_by(&bytes[..63])),
            ("longer", signed_by(&[&bytes[..], &[0]].concat())),
            ("padded", format!("{valid}==")),
            ("a fourth part", format!("{valid}.{signature}")),
            ("as JSON", json!({"payload": message, "signature": signature}).to_string()),
            ("one claim twice", twice),
            ("a refresh token", secrecy::ExposeSecret::expose_secret(&staff.refresh).to_owned()),
        ];
        // The process remembers this one as verified; that must not make the others valid.
        assert_eq!(accepted(&world, vec![("valid", valid.clone())]).await, ["valid"]);
        assert_eq!(accepted(&world, tokens).await, [""; 0]);
    });
}

#[test]
fn remembered_token_ends_with_its_key_and_its_time() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let now = world.app.now();
        let retires_at = now.plus(Duration::from_mins(5));
        let forger = Forger::until(&world, &staff, Some(retires_at)).await;
        let lasting = forger.sign(&forger.header, &forger.claims);
        let short = forger.with_claim("exp", json!(now.as_second() + 60));
        let both = || vec![("lasting", lasting.clone()), ("short", short.clone())];
        assert_eq!(accepted(&world, both()).await, ["lasting", "short"]);
        world.advance(Duration::from_secs(59));
        assert_eq!(accepted(&world, both()).await, ["lasting", "short"]);
        world.advance(Duration::from_secs(1));
        assert_eq!(accepted(&world, both()).await, ["lasting"]);
        world.advance(Duration::from_mins(4));
        assert_eq!(accepted(&world, both()).await, [""; 0]);
    });
}

#[test]
fn every_claim_is_required_and_checked() {
    run(async |world: World| {
        let staff = world.actor(Role::Staff).await;
        let forger = Forger::new(&world, &staff).await;
        let now = world.app.now().as_second();
        let mut tokens = vec![
            ("another issuer", forger.with_claim("iss", json!("elsewhere"))),
            ("another audience", forger.with_claim("aud", json!("another-api"))),
            ("several audiences", forger.with_claim("aud", json!(["healthcare-api", "x"]))),
            ("expired long ago", forger.with_claim("exp", json!(0))),
            ("expired before 1970", forger.with_claim("exp", json!(-1))),
            ("exp beyond numbers", forger.with_claim("exp", json!(1e300))),
            ("no exp at all", forger.with_claim("exp", Value::Null)),
            ("expired by a second", forger.with_claim("exp", json!(now - 1))),
            ("expired just now", forger.with_claim("exp", json!(now))),
            ("exp as text", forger.with_claim("exp", json!("9999999999"))),
            ("not yet", forger.with_claim("nbf", json!(now + 1))),
            ("nbf as text", forger.with_claim("nbf", json!("1"))),
            ("refresh", forger.with_claim("token_type", json!("refresh"))),
            ("another user", forger.with_claim("sub", json!("2"))),
            ("user as number", forger.with_claim("sub", json!(1))),
            ("no such user", forger.with_claim("sub", json!("admin"))),
            ("another session", forger.with_claim("sid", json!("another"))),
        ];
        for claim in ["iss", "aud", "exp", "iat", "sub", "sid", "jti", "token_type"] {
            tokens.push((claim, forger.without_claim(claim)));
        }
        assert_eq!(accepted(&world, tokens).await, [""; 0]);
    });
}

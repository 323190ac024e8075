//! The `OpenAPI` document (3.1), made of the table of operations and of the schemas of what they give
//! (`config/api/schemas.json`).

use serde_json::{Map, Value, json};

use super::operation::{Field, Gives, Operation, Says, Shape, Version};
use super::{LIMIT, MOST, list, problem};
use crate::people::token::Mode;
use crate::web::doors::Need;

/// What is given, by name.
const SCHEMAS: &str = include_str!("../../../../config/api/schemas.json");

/// The document.
pub(in crate::web) fn document(operations: &[&'static Operation]) -> Value {
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        let method = operation.verb.method().as_str().to_lowercase();
        if let Some(path) = path.as_object_mut() {
            path.insert(method, one(operation));
        }
    }
    // A test parses it.
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    let refusals: Map<String, Value> =
        (REFUSALS.iter()).map(|(status, about)| (status.to_string(), refusal(about))).collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Daicho", "version": "1",
            "description": "画面でできることを、プログラムから行うための API。時刻は 1970-01-01T00:00:00Z からのマイクロ秒。エラーは RFC 9457。言語は Accept-Language または ?lang= / What the pages do, for programs. Times are microseconds since 1970-01-01T00:00:00Z. Errors are RFC 9457. The language is that of Accept-Language, or of ?lang=" },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer",
                "description": "daicho-collector token issue" } },
            "responses": refusals,
            "schemas": schemas,
        },
    })
}

fn act(need: Need) -> &'static str {
    match need {
        Need::May(act) | Need::Upload(act) | Need::Take(act) => act.name(),
        Need::Nothing | Need::Agent => "",
    }
}

fn one(operation: &Operation) -> Value {
    let Operation { area, need, about, page, .. } = operation;
    let mode = operation.mode();
    let scope = crate::people::token::Scope::Of(*area, mode).name();
    let export = if matches!(need, Need::Take(_)) { ", export" } else { "" };
    let parts: Vec<&str> = operation.path.split('/').skip(3).collect();
    let tag = parts.first().copied().unwrap_or_default();
    let name: Vec<String> =
        (parts.iter()).map(|part| part.trim_matches(['{', '}']).replace(['.', '-'], "_")).collect();
    let method = operation.verb.method().as_str().to_lowercase();
    let mut document = json!({
        "operationId": format!("{method}_{}", name.join("_")),
        "tags": [tag],
        "summary": about,
        "description": format!("scope {scope}; role: {}{export}; page: {page}", act(*need)),
        "parameters": parameters(operation),
        "responses": responses(operation),
    });
    if let (Some(members), Some(body)) = (document.as_object_mut(), body(operation.says)) {
        members.insert("requestBody".into(), body);
    }
    document
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let place = |name: &str| {
        json!({ "name": name, "in": "path", "required": true,
            "schema": { "type": "string", "minLength": 1 } })
    };
    let paged = matches!(operation.gives, Gives::List(_));
    let list = list::QUERY.iter().filter(|_| paged);
    let asked = operation.query.iter().chain(list).map(|field| {
        let mut schema = schema(field.shape);
        if let (Some(schema), "limit") = (schema.as_object_mut(), field.name) {
            schema.insert("default".into(), LIMIT.into());
            schema.insert("maximum".into(), MOST.into());
        }
        json!({ "name": field.name, "in": "query", "required": field.required,
            "description": field.about, "schema": schema })
    });
    let header = |name: &str, about: &str| {
        json!({ "name": name, "in": "header", "required": false, "description": about,
            "schema": { "type": "string" } })
    };
    let headers = match (operation.version, operation.mode()) {
        (Version::Free, _) => vec![],
        (Version::Shown, _) | (Version::Asked, Mode::Read) => vec![header(
            "If-None-Match",
            "手元の版（ETag）。同じなら 304 / The version (ETag) at hand: 304 if it is the same",
        )],
        (Version::Asked, Mode::Write) => vec![
            header("If-Match", "読み出したときの版（ETag） / The version (ETag) that was read"),
            header("If-None-Match", "* なら、ないときだけ作る / *: only if there is none"),
        ],
    };
    operation.places().map(place).chain(asked).chain(headers).collect()
}

fn schema(shape: Shape) -> Value {
    match shape {
        Shape::Text(most) => json!({ "type": "string", "maxLength": most }),
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Number(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Yes => json!({ "type": "boolean" }),
        Shape::Date => json!({ "type": "string", "format": "date" }),
        Shape::Texts(most) => json!({ "type": "array", "minItems": 1, "maxItems": most,
            "items": { "type": "string" } }),
        Shape::Map => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Shape::Object(name) => reference(name),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn body(says: Says) -> Option<Value> {
    match says {
        Says::Nothing => None,
        Says::Members(fields, form) => {
            let schema = members(fields);
            let mut content = json!({ "application/json": { "schema": schema } });
            if let (true, Some(content)) = (form, content.as_object_mut()) {
                let form = json!({ "schema": { "type": "object" } });
                content.insert("application/x-www-form-urlencoded".into(), form);
            }
            Some(json!({ "required": true, "content": content }))
        }
        Says::Json(name) => {
            let content = json!({ "application/json": { "schema": reference(name) } });
            Some(json!({ "required": true, "content": content }))
        }
        Says::File => {
            let schema = json!({ "type": "string", "format": "binary" });
            let content = json!({ "application/octet-stream": { "schema": schema } });
            Some(json!({ "required": true, "content": content }))
        }
    }
}

fn members(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut property = schema(field.shape);
        if let Some(property) = property.as_object_mut() {
            property.insert("description".into(), field.about.into());
        }
        properties.insert(field.name.into(), property);
    }
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties,
        "required": required })
}

/// A part of a list of values of this schema.
fn part(name: &str) -> Value {
    json!({ "type": "object", "additionalProperties": false,
        "required": ["revision", "total", "items", "next"],
        "properties": {
            "revision": { "type": "integer" },
            "total": { "type": "integer" },
            "items": { "type": "array", "items": reference(name) },
            "next": { "type": ["string", "null"] } } })
}

fn responses(operation: &Operation) -> Value {
    let mut all = Map::new();
    let good = |schema: Value| {
        json!({ "description": operation.about,
            "content": { "application/json": { "schema": schema } } })
    };
    let status = if operation.makes { "201" } else { "200" };
    match operation.gives {
        Gives::Nothing => {
            all.insert("204".into(), json!({ "description": operation.about }));
        }
        Gives::Json(name) => {
            all.insert(status.into(), good(reference(name)));
        }
        Gives::List(name) => {
            all.insert(status.into(), good(part(name)));
        }
        Gives::File(kinds) => {
            let file = |kind: &&str| ((*kind).to_owned(), json!({}));
            let content: Map<String, Value> = kinds.iter().map(file).collect();
            all.insert("200".into(), json!({ "description": operation.about, "content": content }));
        }
    }
    if operation.version != Version::Free && operation.mode() == Mode::Read {
        all.insert("304".into(), json!({ "description": "変わっていない / not changed" }));
    }
    for status in refusals(operation) {
        let of = json!({ "$ref": format!("#/components/responses/{status}") });
        all.insert(status.to_string(), of);
    }
    Value::Object(all)
}

/// Why something may not be done, by the status of the answer.
const REFUSALS: [(u16, &str); 11] = [
    (400, "要求を読み取れない / the request cannot be read"),
    (401, "トークンがない、または無効 / no token that holds"),
    (403, "役割または範囲が足りない / the role or scope does not permit it"),
    (404, "ない / there is no such thing"),
    (409, "ほかの変更と合わない / does not go with what was changed meanwhile"),
    (412, "読み出した後に変わった / changed since it was read"),
    (413, "大きすぎる / too large"),
    (415, "JSON ではない / no JSON"),
    (422, "記録・作成できない内容 / nothing that can be kept or made"),
    (428, "If-Match がない / no If-Match"),
    (503, "今は読み書きできない / cannot be read or kept just now"),
];

fn refusal(about: &str) -> Value {
    let content = json!({ problem::KIND: { "schema": reference("Problem") } });
    json!({ "description": about, "content": content })
}

fn refusals(operation: &Operation) -> Vec<u16> {
    let mut all = vec![400, 401, 403, 404, 503];
    let writes = operation.mode() == Mode::Write;
    if writes || matches!(operation.path, "/api/v1/sites/{name}") {
        all.push(409);
    }
    if writes || matches!(operation.gives, Gives::File(_)) {
        all.push(422);
    }
    if !matches!(operation.says, Says::Nothing) {
        all.extend([413, 415]);
    }
    if writes && operation.version == Version::Asked {
        all.extend([412, 428]);
    }
    all
}

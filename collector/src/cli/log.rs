//! What the program says while it serves: lines for people, or JSON objects, one a line, for programs.
//! Only what this program itself says is taken, not what libraries write through `log`: among that are
//! URLs, which may let somebody in.

use std::io;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFormat;

/// Begins to log to stderr. `DAICHO_LOG` says what, `DAICHO_LOG_FORMAT` how, before the configuration.
pub(super) fn start(configured: LogFormat) {
    let format = match std::env::var("DAICHO_LOG_FORMAT").as_deref() {
        Ok("json") => LogFormat::Json,
        Ok("text") => LogFormat::Text,
        _ => configured,
    };
    let filter = EnvFilter::try_from_env("DAICHO_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // A second start in one process keeps the first one's logger.
    let _ = tracing::subscriber::set_global_default(subscriber(format, filter, io::stderr));
}

/// What writes the log.
pub(crate) fn subscriber<W>(
    format: LogFormat,
    filter: EnvFilter,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let logger = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match format {
        LogFormat::Text => Box::new(logger.finish()),
        LogFormat::Json => Box::new(logger.json().flatten_event(true).finish()),
    }
}

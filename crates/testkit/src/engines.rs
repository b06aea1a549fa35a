//! One test on every database system.

/// Makes a test of each function for every database system of the build: `on_every_engine!(Engine; this_holds, and_this);`
/// stands beside `async fn this_holds(engine: Engine)`. The caller's enum `Engine` has the variant `Sqlite` and, with the
/// caller's cargo feature `postgres`, `Postgres`. A function that no table names is dead code.
#[macro_export]
macro_rules! on_every_engine {
    ($engine:ident; $($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    super::$test(super::$engine::Sqlite).await;
                }
            )+
        }

        #[cfg(feature = "postgres")]
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    super::$test(super::$engine::Postgres).await;
                }
            )+
        }
    };
}

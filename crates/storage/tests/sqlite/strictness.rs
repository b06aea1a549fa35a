//! Tables take only the types of their columns.

use diesel::connection::SimpleConnection;

use crate::support::Files;

#[test]
fn no_value_of_another_type_is_stored() {
    let files = Files::migrated();
    let mut connection = files.sql();
    for (statement, reason) in [
        ("UPDATE plans SET burst = 'many'", "cannot store TEXT"),
        ("UPDATE plans SET turns = 1.5", "cannot store REAL"),
        ("UPDATE plans SET id = x'00'", "cannot store BLOB"),
    ] {
        let message = connection.batch_execute(statement).expect_err(statement).to_string();
        assert!(message.contains(reason), "{statement}\nwas refused with: {message}");
    }
}

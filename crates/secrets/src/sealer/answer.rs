//! Answers of calls, sealed like secrets but for another purpose.

use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::answer::Answer;
use countersign_domain::idempotency::ports::{AnswerPlace, AnswerSealer};
use countersign_domain::two_factor::secret::SealedSecret;
use data_encoding::HEXLOWER;

use super::{Place, XChaChaSealer};

impl AnswerSealer for XChaChaSealer {
    fn seal_answer(&self, place: AnswerPlace<'_>, answer: &Answer) -> Result<SealedSecret, PortFailure> {
        self.close(&place, answer.expose())
    }

    fn open_answer(&self, place: AnswerPlace<'_>, sealed: &SealedSecret) -> Result<Answer, PortFailure> {
        self.disclose(&place, sealed).map(Answer::new)
    }
}

impl Place for AnswerPlace<'_> {
    const PURPOSE: &'static [u8] = b"answer";

    fn names(&self) -> impl IntoIterator<Item = String> {
        let call = self.call;
        [
            call.organization.to_string(),
            call.environment.to_string(),
            HEXLOWER.encode(&call.name.0),
            HEXLOWER.encode(&call.request.0),
            self.request.to_string(),
        ]
    }
}

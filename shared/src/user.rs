//! Users: profiles, and whom and where to deliver to.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::ids::UserId;
use crate::openapi::inline_schema;
use crate::shape::object;
use crate::text::{Email, Text};
use crate::time::Timestamp;

/// A person's name.
pub type PersonName = Text<200>;

/// What a user saved about themselves.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Profile {
    /// The token's `sub`.
    pub user_id: UserId,
    /// Where mails go.
    pub email: Option<Email>,
    /// The user's name.
    pub name: Option<PersonName>,
    /// A telephone number.
    pub phone: Option<Phone>,
    /// Where to deliver unless an order says otherwise.
    pub address: Option<Address>,
    /// When the profile was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The part of a profile that its user sets; what is left out is cleared.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileUpdate {
    /// Where mails go; a verified address of the token wins over it.
    pub email: Option<Email>,
    /// The user's name.
    pub name: Option<PersonName>,
    /// A telephone number.
    pub phone: Option<Phone>,
    /// Where to deliver.
    #[serde(default, deserialize_with = "object")]
    pub address: Option<Address>,
}

/// Whom to reach about an order, as a request gives it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
    /// Who receives the order.
    pub name: PersonName,
    /// Where its mails go; the profile's address if left out.
    pub email: Option<Email>,
    /// A telephone number for the carrier.
    pub phone: Option<Phone>,
}

/// Whom to reach about an order.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Contact {
    /// Who receives the order; null where neither order nor profile says.
    pub name: Option<PersonName>,
    /// Where its mails go.
    pub email: Option<Email>,
    /// A telephone number for the carrier.
    pub phone: Option<Phone>,
}

impl Contact {
    /// The contact that the request gives, completed from the profile.
    pub fn resolve(given: Option<ContactInput>, profile: &Profile) -> Contact {
        match given {
            Some(given) => Contact {
                name: Some(given.name),
                email: given.email.or_else(|| profile.email.clone()),
                phone: given.phone,
            },
            None => Contact { name: profile.name.clone(), email: profile.email.clone(), phone: profile.phone.clone() },
        }
    }
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number.
    pub line1: Text<200>,
    /// Anything more about the place.
    pub line2: Option<Text<200>>,
    /// The town.
    pub city: Text<100>,
    /// A state or province.
    pub region: Option<Text<100>>,
    /// The postal code.
    pub postal_code: Text<20>,
    /// The country.
    pub country: Country,
}

/// A telephone number: 3 to 32 digits, blanks and `+-().`, at least three of them digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Phone(String);

inline_schema!(Phone: {
    "type": "string", "minLength": 3, "maxLength": 32, "pattern": "^[ +().-]*([0-9][ +().-]*){3,}$",
});

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Phone, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = text.trim();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let clean = text.len() <= 32 && text.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
        if clean && digits >= 3 {
            Ok(Phone(text.to_owned()))
        } else {
            Err(D::Error::custom("must be a telephone number, such as +1 555 0100"))
        }
    }
}

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Country(String);

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Country {
    fn schema_name() -> Cow<'static, str> {
        "Country".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A country by its ISO 3166-1 alpha-2 code.",
            "type": "string",
            "enum": COUNTRIES.split_ascii_whitespace().collect::<Vec<_>>(),
        })
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Country, D::Error> {
        let code = String::deserialize(deserializer)?;
        if COUNTRIES.split_ascii_whitespace().any(|known| known == code) {
            Ok(Country(code))
        } else {
            Err(D::Error::custom("must be a country's ISO 3166 code of two capital letters, such as \"US\""))
        }
    }
}

/// The officially assigned codes of ISO 3166-1 alpha-2.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_assigned_country_is_known_and_no_other() {
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 249);
        assert_eq!(serde_json::from_str::<Country>("\"US\"").unwrap().to_string(), "US");
        for code in ["us", "USA", "XX", "", "U"] {
            assert!(serde_json::from_value::<Country>(code.into()).is_err(), "{code}");
        }
    }

    #[test]
    fn a_contact_without_an_address_has_the_profiles() {
        let profile: Profile = serde_json::from_value(serde_json::json!({
            "user_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "email": "ada@example.com", "name": "Ada",
            "phone": "+1 555 0100", "address": null,
            "created_at": "2026-11-20T06:21:33.123Z", "updated_at": "2026-11-20T06:21:33.123Z",
        }))
        .unwrap();
        let given: ContactInput = serde_json::from_str(r#"{"name": "Grace"}"#).unwrap();
        let contact = Contact::resolve(Some(given), &profile);
        assert_eq!(contact.email, profile.email);
        assert_eq!(contact.phone, None);
        assert_eq!(Contact::resolve(None, &profile).name, profile.name);
    }

    #[test]
    fn a_telephone_number_is_digits_and_what_may_stand_between_them() {
        let read = |text: &str| serde_json::from_value::<Phone>(text.into());
        let longest = "1".repeat(32);
        for good in ["+1 (555) 0100-99.", "123", " 1-2-3 ", &longest] {
            assert_eq!(read(good).unwrap(), Phone(good.trim().to_owned()));
        }
        for bad in ["", "12", "+1 2", "555 0100 x7", "١٢٣", &format!("{longest}1")] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

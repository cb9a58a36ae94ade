//! Words that an attacker of any installation tries first.

/// Words for a clinic, its people and a password, in the languages of many clinics, and names of many hospitals.
pub(super) const CONTEXT_WORDS: &str = "\
healthcare health medical medicine medic hospital clinic clinical doctor physician surgeon surgery nurse nursing patient
ward pharmacy emergency ambulance appointment
mary marys stmary stmarys saint mercy trinity general memorial university
krankenhaus klinik klinikum spital praxis arzt ärztin doktor krankenschwester pfleger schwester patientin gesundheit
medizin apotheke notaufnahme
hôpital clinique médecin docteur infirmier infirmière santé pharmacie urgences
clínica médico médica enfermera enfermero paciente salud sanidad farmacia urgencias saúde enfermeira enfermeiro santa
ospedale medico infermiera infermiere paziente salute
ziekenhuis kliniek dokter verpleegster verpleegkundige gezondheid
szpital klinika lekarz pielęgniarka pacjent zdrowie przychodnia
nemocnice lékař sjukhus sykehus sygehus läkare sjuksköterska sairaala
hastane hemşire hasta sağlık
больница клиника врач доктор медсестра пациент здоровье госпиталь поликлиника лікарня лікар
νοσοκομείο γιατρός
مستشفى طبيب ممرضة عيادة مريض
חולים רופא
医院 醫院 医生 醫生 护士 病院 医師 看護師 患者 병원 의사 간호사 환자
अस्पताल डॉक्टर
password passwort kennwort motdepasse contraseña senha parola wachtwoord hasło heslo lösenord salasana пароль şifre
κωδικός كلمةالسر סיסמה 密码 密碼 パスワード 비밀번호
welcome admin login secret changeme";

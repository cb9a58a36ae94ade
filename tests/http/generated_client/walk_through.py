"""The walk-through, with a client that was generated from openapi.yaml: `walk_through.py URL`.

Every response must be the expected typed model, otherwise the script fails with the response. mypy checks it strictly.
"""

import sys
from datetime import datetime, timezone
from http import HTTPStatus
from typing import TypeVar
from uuid import uuid4

from healthcare_client import AuthenticatedClient, Client
from healthcare_client.api.accounts import auth_me, auth_register
from healthcare_client.api.doctors import doctors_create, doctors_update
from healthcare_client.api.mappings import mappings_assign, mappings_doctors, mappings_patients, mappings_remove
from healthcare_client.api.patients import (
    patients_create,
    patients_delete,
    patients_duplicates,
    patients_get,
    patients_list,
    patients_list_post,
)
from healthcare_client.api.sessions import auth_login, auth_logout, auth_refresh
from healthcare_client.models import (
    Account,
    AssignedDoctorList,
    AssignedPatientList,
    Assignment,
    ByUsername,
    CreatedPatient,
    Doctor,
    DoctorChange,
    DoctorMapping,
    DuplicateCheck,
    DuplicateList,
    Gender,
    Logout,
    Message,
    NewDoctor,
    NewPatient,
    Patient,
    PatientList,
    PatientSearch,
    Problem,
    ProblemCode,
    Refresh,
    Registered,
    Registration,
    Removal,
    Role,
    SignedIn,
    TokenPair,
)
from healthcare_client.types import UNSET
from httpx import Timeout

PASSWORD = "correct-horse-battery-staple"
# The first call of a function waits until the function has started.
TIMEOUT = Timeout(120)

T = TypeVar("T")


def expect(model: type[T], answer: object) -> T:
    """Returns the answer if it is of the expected model."""
    assert isinstance(answer, model), answer
    return answer


def signed_in(url: str, token: str) -> AuthenticatedClient:
    return AuthenticatedClient(url, token=token, timeout=TIMEOUT, raise_on_unexpected_status=True)


def register(anybody: Client) -> str:
    """Creates an account and returns its username."""
    name = f"amara-{uuid4().hex}"
    email = f"{name}@example.com"
    body = Registration(username=name, email=email, password=PASSWORD)
    user = expect(Registered, auth_register.sync(client=anybody, body=body)).user
    assert (user.username, user.email, user.role, user.active) == (name, email, Role.STAFF, True)

    taken = expect(Problem, auth_register.sync(client=anybody, body=body))
    assert (taken.status, taken.code) == (409, ProblemCode.CONFLICT)
    assert taken.errors and set(taken.errors.additional_properties) == {"username", "email"}
    return name


def add_doctor(staff: AuthenticatedClient, last_name: str) -> Doctor:
    body = NewDoctor(
        first_name="Grace",
        last_name=last_name,
        email=f"{uuid4().hex}@example.com",
        phone_number="+442079460123",
        specialization="Internal Medicine",
        license_number=f"LIC-{uuid4().hex}",
        years_of_experience=12,
    )
    key = str(uuid4())
    doctor = expect(Doctor, doctors_create.sync(client=staff, body=body, idempotency_key=key))
    assert (doctor.last_name, doctor.version) == (last_name, 1)
    assert abs(datetime.now(timezone.utc) - doctor.created_at).total_seconds() < 3600
    again = expect(Doctor, doctors_create.sync(client=staff, body=body, idempotency_key=key))
    assert again == doctor
    return doctor


def change_doctor(staff: AuthenticatedClient, doctor: Doctor) -> None:
    """Changes the doctor with its current ETag, and is refused with the old one."""
    body, etag = DoctorChange(specialization="Cardiology"), f'"{doctor.version}"'
    changed = doctors_update.sync_detailed(doctor.id, client=staff, body=body, if_match=etag)
    assert changed.headers["ETag"] == '"2"'
    assert expect(Doctor, changed.parsed).specialization == "Cardiology"
    other = DoctorChange(specialization="Neurology")
    late = expect(Problem, doctors_update.sync(doctor.id, client=staff, body=other, if_match=etag))
    assert late.code is ProblemCode.PRECONDITION_FAILED


def add_patient(staff: AuthenticatedClient) -> Patient:
    body = NewPatient(
        first_name="Jane",
        last_name="Roe",
        date_of_birth="1985-04",
        gender=Gender.FEMALE,
        contact_number="+1 (202) 555-0147",
        address="12 Elm Street, Springfield",
        medical_history="Asthma since childhood.",
    )
    created = expect(CreatedPatient, patients_create.sync(client=staff, body=body))
    assert created.id not in [other.id for other in created.possible_duplicates]
    patient = expect(Patient, patients_get.sync(created.id, client=staff))
    assert (patient.date_of_birth, patient.gender) == ("1985-04", Gender.FEMALE)
    assert (patient.contact_number, patient.address) == ("+12025550147", body.address)
    assert (patient.medical_history, patient.emergency_number) == (body.medical_history, UNSET)
    return patient


def assign(staff: AuthenticatedClient, doctor: Doctor, patient: Patient) -> None:
    body = Assignment(doctor_id=doctor.id, patient_id=patient.id)
    created, repeated = (mappings_assign.sync_detailed(client=staff, body=body) for _ in range(2))
    assert (created.status_code, repeated.status_code) == (HTTPStatus.CREATED, HTTPStatus.OK)
    assignment = expect(DoctorMapping, created.parsed)
    assert repeated.parsed == assignment
    assert assignment.doctor_name == f"{doctor.first_name} {doctor.last_name}"
    assert assignment.patient_name == f"{patient.first_name} {patient.last_name}"


def find(staff: AuthenticatedClient) -> None:
    """Finds a patient by query, by body, and as a possible duplicate."""
    answer = patients_list.sync(client=staff, search="roe jan", birth_date="1985", phone="0147")
    by_query = expect(PatientList, answer)
    body = PatientSearch(search="roe jan", birth_date="1985", phone="0147")
    by_body = expect(PatientList, patients_list_post.sync(client=staff, body=body))
    check = DuplicateCheck(first_name="jane", last_name="ROE", date_of_birth="1985-04-12")
    same = expect(DuplicateList, patients_duplicates.sync(client=staff, body=check))
    # Other walk-throughs on the same stack may have left patients with the same name.
    assert by_query.results and by_body.results and same.possible_duplicates


def doctors_of(staff: AuthenticatedClient, patient: Patient) -> list[int]:
    """Returns the ids of a patient's doctors, read with one result per page."""
    found = []
    page = expect(AssignedDoctorList, mappings_doctors.sync(patient.id, client=staff, limit=1))
    while True:
        found += [doctor.id for doctor in page.results]
        if page.next_ is None:
            return found
        answer = mappings_doctors.sync(patient.id, client=staff, limit=1, cursor=page.next_)
        page = expect(AssignedDoctorList, answer)


def patients_of(staff: AuthenticatedClient, doctor: Doctor) -> list[int]:
    page = expect(AssignedPatientList, mappings_patients.sync(doctor.id, client=staff))
    return [patient.id for patient in page.results]


def remove(staff: AuthenticatedClient, doctor: Doctor, patient: Patient) -> None:
    body = Removal(doctor_id=doctor.id)
    expect(Message, mappings_remove.sync(patient.id, client=staff, body=body))
    gone = expect(Problem, mappings_remove.sync(patient.id, client=staff, body=body))
    assert (gone.status, gone.code) == (404, ProblemCode.NOT_FOUND)


def delete(staff: AuthenticatedClient, patient: Patient) -> None:
    deleted = patients_delete.sync_detailed(patient.id, client=staff)
    assert deleted.status_code is HTTPStatus.NO_CONTENT, deleted.parsed
    expect(Problem, patients_get.sync(patient.id, client=staff))


def main(url: str) -> None:
    anybody = Client(url, timeout=TIMEOUT, raise_on_unexpected_status=True)
    name = register(anybody)
    login = auth_login.sync(client=anybody, body=ByUsername(username=name, password=PASSWORD))
    session = expect(SignedIn, login)
    staff = signed_in(url, session.access)

    grace, gregory = add_doctor(staff, "Okafor"), add_doctor(staff, "Ode")
    change_doctor(staff, grace)
    jane = add_patient(staff)
    find(staff)
    assign(staff, grace, jane)
    assign(staff, gregory, jane)
    assert doctors_of(staff, jane) == [grace.id, gregory.id]
    assert patients_of(staff, grace) == [jane.id]
    remove(staff, grace, jane)
    assert doctors_of(staff, jane) == [gregory.id]
    delete(staff, jane)
    assert patients_of(staff, gregory) == []

    tokens = auth_refresh.sync(client=anybody, body=Refresh(refresh=session.refresh))
    refreshed = signed_in(url, expect(TokenPair, tokens).access)
    assert expect(Account, auth_me.sync(client=refreshed)) == session.user
    expect(Message, auth_logout.sync(client=refreshed, body=Logout(everywhere=True)))
    for ended in (staff, refreshed):
        assert expect(Problem, auth_me.sync(client=ended)).code is ProblemCode.TOKEN_NOT_VALID


if __name__ == "__main__":
    main(sys.argv[1])

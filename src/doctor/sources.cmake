# What the doctor looks at, and what it makes of it.
set(doctor_sources
    src/doctor/diagnose.cpp
    src/doctor/diagnose_node.cpp
    src/doctor/diagnose_rights.cpp
    src/doctor/examination.cpp
    src/doctor/node_examination.cpp
    src/doctor/node_examination_rights.cpp
    src/doctor/right_probes.cpp
    src/doctor/server_facts.cpp
)

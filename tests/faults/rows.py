"""The ids of the rows of the fault matrix that the tests of the exchange must have a case for."""

NETWORK = "N1 N2 N3 N4 N5 N6 N7 N8 N9 N10 N11 N12 N13 N14 N15 N16 N17 N19 N20"
TLS = "T1 T2 T3 T3b T4 T5 T6 T7 T8 T9 T10 T11 T12"
HTTP = "H1 H2 H3 H4 H5 H6 H7 H8 H8b H9 H10 H11 H12 H13 H14 H15 H16 H17 H18 H19 H20 H21 H22 H23 H24 H25"
REDIRECT = "R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R16 R17 R20"
ROWS = frozenset(f"{NETWORK} {TLS} {HTTP} {REDIRECT}".split())

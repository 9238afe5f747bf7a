from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id as OWASP's Password Storage Cheat Sheet has it: 19 MiB, two passes, one lane.

    Django's own 100 MiB on eight threads cost nine times the processor time, and eight sign-ins at once 800 MiB.
    A hash with other parameters is made anew at its owner's next sign-in.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

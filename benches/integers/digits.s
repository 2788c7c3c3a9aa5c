    .section .rodata
    .global digits
    .balign 4
digits:
    .incbin "digits.u8"

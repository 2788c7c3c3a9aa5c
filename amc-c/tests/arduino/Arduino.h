// What the sketch uses of Arduino, on the machine that compiled it: it ends with its first pause.
#ifndef ARDUINO_H
#define ARDUINO_H

#include <cstdlib>
#include <iostream>

struct Port {
    void begin(long) {}
    template <typename T> void print(T what) { std::cout << what; }
    template <typename T> void println(T what) { std::cout << what << '\n'; }
};
static Port Serial;

[[noreturn]] inline void delay(unsigned long)
{
    std::exit(0);
}

void setup();
void loop();

int main()
{
    setup();
    for (;;)
        loop();
}

#endif

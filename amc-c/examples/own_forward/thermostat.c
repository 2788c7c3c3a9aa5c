/* A product's code as it is: a thermostat, and a day in a simulated room. Nothing in it is made for training. */

struct thermostat {
    float on_below, off_above, lead;
    float last;
    int heating;
};

/* Switches the heater by where the temperature will be soon if it goes on like this. */
static int decide(struct thermostat *thermostat, float temperature)
{
    float soon = temperature + thermostat->lead * (temperature - thermostat->last);

    thermostat->last = temperature;
    if (soon < thermostat->on_below)
        thermostat->heating = 1;
    if (soon > thermostat->off_above)
        thermostat->heating = 0;
    return thermostat->heating;
}

/* How uncomfortable a day of 1,440 minutes is, with a slow radiator: the mean square of the degrees from 21, and 0.2
   for every time in an hour that the heater is switched. settings: on below, off above, and the lead in minutes. */
float discomfort(const float *settings)
{
    struct thermostat thermostat = {settings[0], settings[1], settings[2], 17.0f, 0};
    float room = 17.0f, radiator = 17.0f, sum = 0.0f;
    int switched = 0;

    for (int minute = 0; minute < 1440; minute++) {
        float outside = minute < 720 ? 2.0f : 9.0f;
        int before = thermostat.heating, heating = decide(&thermostat, room);

        switched += heating != before;
        radiator += heating ? 1.5f : 0.0f;
        radiator -= 0.05f * (radiator - room);
        room += 0.02f * (radiator - room) - 0.01f * (room - outside);
        sum += (room - 21.0f) * (room - 21.0f);
    }
    return sum / 1440.0f + 0.2f * (float)switched / 24.0f;
}

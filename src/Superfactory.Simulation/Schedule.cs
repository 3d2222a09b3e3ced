using Superfactory.Simulation.Planted;

namespace Superfactory.Simulation;

/// <summary>Runs schedules. Pure: the same seed and number give the same result on every machine, on any thread.</summary>
public static class Schedule
{
    /// <summary>Runs one schedule to its end, or to the first thing that does not hold.</summary>
    /// <param name="seed">The soak's seed.</param>
    /// <param name="schedule">The schedule's number, from 0.</param>
    /// <param name="planted">The bug that its hosts have.</param>
    /// <param name="listener">Takes a line for each thing that happens; null where nobody listens.</param>
    public static ScheduleResult Run(ulong seed, long schedule, PlantedBug planted = PlantedBug.None, Action<string>? listener = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(schedule);
        return Run(Scenario.Of(seed, schedule), schedule, planted, listener);
    }

    /// <summary>Runs a scenario as a schedule of a number.</summary>
    internal static ScheduleResult Run(Scenario scenario, long schedule, PlantedBug planted = PlantedBug.None, Action<string>? listener = null)
    {
        var world = new World(scenario, planted, listener);
        string? violation = null;
        try
        {
            world.Run();
        }
        catch (ViolationException found)
        {
            violation = found.Message;
        }
#pragma warning disable CA1031 // What a machine throws is a bug of it like any other, and is told with its seed.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            violation = $"{thrown.GetType().Name}: {thrown.Message} {thrown.StackTrace}";
        }

        if (violation is not null)
        {
            world.Trace.Say(-1, $"VIOLATION {violation}");
        }

        return new ScheduleResult
        {
            Schedule = schedule,
            Violation = violation,
            Trace = world.Trace.Hash,
            ResultsFinal = world.Referee.ResultsFinal,
            EpochChanges = world.Referee.EpochChanges,
            Refused = world.Referee.Refused,
            Late = world.Referee.Late,
            ModeChanges = world.Referee.ModeChanges,
            SetAside = world.Referee.SetAside,
            Faults = [.. world.Director.Counts],
            FaultsInFlight = world.Director.StruckInFlight,
            Milliseconds = world.Queue.Now / 1_000,
            Events = world.Queue.Ran,
        };
    }
}

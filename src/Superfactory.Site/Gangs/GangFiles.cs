using System.Globalization;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Gangs;

/// <summary>The files of a gang, and the marks by which its processes are known.</summary>
internal static class GangFiles
{
    /// <summary>The variable that names the gang's directory in the environment of its supervisor and of all that descends from it.</summary>
    public const string Mark = "SUPERFACTORY_GANG_DIRECTORY";

    private const string SupervisorFile = "supervisor.json";

    /// <summary>The supervisor's specification.</summary>
    public static string Specification(string gangDirectory) => Path.Combine(gangDirectory, "gang.json");

    /// <summary>The configuration of a lane's bridge.</summary>
    public static string BridgeConfiguration(string gangDirectory, int lane = 0) => Path.Combine(gangDirectory, lane == 0 ? "bridge.json" : string.Create(CultureInfo.InvariantCulture, $"bridge-{lane}.json"));

    /// <summary>The directory of a lane's bridge, where its promise is: the gang's own for the first.</summary>
    public static string LaneDirectory(string gangDirectory, int lane) => lane == 0 ? gangDirectory : Path.Combine(gangDirectory, string.Create(CultureInfo.InvariantCulture, $"lane-{lane}"));

    /// <summary>The job as trainers read it.</summary>
    public static string Job(string gangDirectory) => Path.Combine(gangDirectory, "job.json");

    /// <summary>Where a lane's bridge listens for its trainer.</summary>
    public static string TrainerSocket(string runtimeDirectory, int lane = 0) => Path.Combine(runtimeDirectory, lane == 0 ? "bridge.socket" : string.Create(CultureInfo.InvariantCulture, $"bridge-{lane}.socket"));

    /// <summary>Where the supervisor takes the agent that comes after the one that started it.</summary>
    public static string SupervisorSocket(string runtimeDirectory) => Path.Combine(runtimeDirectory, "gang.socket");

    /// <summary>The last event of a gang that has ended.</summary>
    public static string Last(string gangDirectory) => Path.Combine(gangDirectory, "last.json");

    /// <summary>The directory of a gang by its job and incarnation.</summary>
    public static string Directory(string gangsDirectory, long job, int incarnation) =>
        Path.Combine(gangsDirectory, string.Create(CultureInfo.InvariantCulture, $"{job}-{incarnation}"));

    /// <summary>Writes down which process supervises the gang.</summary>
    public static void SaveSupervisor(string gangDirectory, SupervisorMark mark) =>
        File.WriteAllBytes(Path.Combine(gangDirectory, SupervisorFile), JsonSerializer.SerializeToUtf8Bytes(mark, FactoryJson.Options));

    /// <summary>Reads which process supervises, or supervised, the gang.</summary>
    /// <returns>Null where nothing readable says so.</returns>
    public static SupervisorMark? LoadSupervisor(string gangDirectory)
    {
        try
        {
            return JsonSerializer.Deserialize<SupervisorMark>(File.ReadAllBytes(Path.Combine(gangDirectory, SupervisorFile)), FactoryJson.Options);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            // The agent died before or while it wrote the file: the marked environment still finds the processes.
            return null;
        }
    }

    /// <summary>Reads the last event of a gang that has ended.</summary>
    /// <returns>Null where nothing readable says how.</returns>
    public static GangEvent? LoadLast(string gangDirectory)
    {
        try
        {
            return JsonSerializer.Deserialize<GangEvent>(File.ReadAllBytes(Last(gangDirectory)), FactoryJson.Options);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            // Its supervisor was killed before it could say, or while it did.
            return null;
        }
    }

    /// <summary>Whether a process is left of a gang of an earlier agent.</summary>
    public static bool HasLeftovers(string gangDirectory, SupervisorMark? supervisor) =>
        Leftovers(ProcessTable.Read(), gangDirectory, supervisor, justEnded: false).Exists(entry => entry.IsAlive);

    /// <summary>Ends whoever is left of a gang that lost its agent or its supervisor.</summary>
    /// <param name="gangDirectory">The gang.</param>
    /// <param name="supervisor">Its supervisor; null where it is not known.</param>
    /// <param name="justEnded">Whether the supervisor was seen to end a moment ago, so that nobody else can have its process id yet.</param>
    /// <param name="clock">Measures how long it takes.</param>
    /// <returns>Whether nothing is left.</returns>
    public static Task<bool> EndLeftoversAsync(string gangDirectory, SupervisorMark? supervisor, bool justEnded, TimeProvider clock) =>
        ProcessTree.EndAsync(table => Leftovers(table, gangDirectory, supervisor, justEnded), clock);

    private static List<ProcessEntry> Leftovers(ProcessTable table, string gangDirectory, SupervisorMark? supervisor, bool justEnded)
    {
        var found = table.Entries.Where(entry => ProcessTable.EnvironmentHolds(entry.Id, Mark, gangDirectory + '\0')).ToDictionary(entry => entry.Id);

        // A descendant keeps the mark unless it wiped its environment, and stays in the supervisor's session unless it left it. The
        // session's number is proof only while the supervisor lives, or just after: later another process may have it.
        if (supervisor is not null
            && (justEnded || (found.TryGetValue(supervisor.ProcessId, out var leader) && leader.StartTicks == supervisor.StartTicks)))
        {
            foreach (var entry in table.Entries.Where(entry => entry.Session == supervisor.ProcessId))
            {
                found.TryAdd(entry.Id, entry);
            }
        }

        foreach (var entry in found.Values.ToList().SelectMany(entry => table.Descendants(entry.Id)))
        {
            found.TryAdd(entry.Id, entry);
        }

        return [.. found.Values];
    }
}

/// <summary>Names a supervisor's process for good.</summary>
/// <param name="ProcessId">Its process id, which is also its session's.</param>
/// <param name="StartTicks">When it started, in clock ticks since the machine's start.</param>
internal sealed record SupervisorMark(int ProcessId, long StartTicks);

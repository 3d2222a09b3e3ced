using System.Globalization;

namespace Superfactory.Lab.Interop;

/// <summary>One process for good: its id, and when it started, since ids are used again.</summary>
/// <param name="Id">Its process id.</param>
/// <param name="StartTicks">When it started, in clock ticks since the machine's start, field 22 of <c>/proc/PID/stat</c>.</param>
internal sealed record ProcessIdentity(int Id, long StartTicks)
{
    // Clock ticks of /proc are hundredths of a second on every architecture that .NET runs on (USER_HZ).
    private const double TicksPerSecond = 100;

    /// <summary>This process.</summary>
    public static ProcessIdentity Own => Of(Environment.ProcessId) ?? new ProcessIdentity(Environment.ProcessId, 0);

    /// <summary>Whether it still runs; one that has ended and was not yet waited for does not.</summary>
    public bool IsAlive => Read(Id) is { } fields && fields[0] is not ("Z" or "X") && Start(fields) == StartTicks;

    /// <summary>Processor time that it has used, user and kernel together, in seconds; 0 when it is gone.</summary>
    public double ProcessorSeconds =>
        Read(Id) is { } fields ? (Number(fields[11]) + Number(fields[12])) / TicksPerSecond : 0;

    /// <summary>The process that has this id now; null where there is none.</summary>
    public static ProcessIdentity? Of(int id) => Read(id) is { } fields ? new ProcessIdentity(id, Start(fields)) : null;

    private static long Start(string[] fields) => Number(fields[19]);

    private static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);

    // Fields from the third on: the second is the program's name in parentheses and may hold anything.
    private static string[]? Read(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields.Length < 20 ? null : fields;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has ended.
            return null;
        }
    }
}

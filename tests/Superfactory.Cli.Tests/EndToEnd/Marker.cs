using System.Diagnostics;
using System.Text;

namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>A variable that marks a process and, by inheritance, everything that it starts, so that what is left can be found.</summary>
internal sealed class Marker
{
    private const string Variable = "SUPERFACTORY_TEST_MARKER";
    private static int _count;
    private readonly string _value = $"{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";

    /// <summary>To be given to the process.</summary>
    public IReadOnlyDictionary<string, string?> Variables => new Dictionary<string, string?> { [Variable] = _value };

    /// <summary>The marked processes that are alive, with their command lines.</summary>
    public IReadOnlyList<(int Id, string Command)> Alive() =>
        [.. Directory.GetDirectories("/proc")
            .Select(static path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0)
            .Where(id => id > 0 && Read(id, "environ").Split('\0').Contains($"{Variable}={_value}"))
            .Select(static id => (id, Read(id, "cmdline").Replace('\0', ' ')))];

    /// <summary>Waits until no marked process is alive; names those that are after <paramref name="limit"/>.</summary>
    public async Task WaitUntilNoneAsync(TimeSpan limit)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(limit);
        try
        {
            // What is alive may still start others, so look again after each round.
            while (Alive() is { Count: > 0 } alive)
            {
                foreach (var (id, _) in alive)
                {
                    await WaitAsync(id, late.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            Alive().ShouldBeEmpty($"processes are left after {limit.TotalSeconds} s");
        }
    }

    private static async Task WaitAsync(int id, CancellationToken cancellation)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            await process.WaitForExitAsync(cancellation);
        }
        catch (ArgumentException)
        {
            // It ended between the look and the wait, which is what is waited for.
            return;
        }
    }

    private static string Read(int id, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{id}/{file}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}

using System.Security.Cryptography;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Site.Gangs;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Gateways;

/// <summary>The files of a site's gateway, and the mark by which its process is known to the next agent.</summary>
/// <param name="siteDirectory">The site's own directory.</param>
internal sealed class GatewayFiles(string siteDirectory)
{
    private static readonly TimeSpan _lookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>The directory of its sockets, in memory.</summary>
    public string RuntimeDirectory => RuntimeDirectories.ForGateway(siteDirectory);

    /// <summary>Where bridges connect.</summary>
    public string Socket => Path.Combine(RuntimeDirectory, "gateway.socket");

    /// <summary>Where the agent connects.</summary>
    public string ControlSocket => Path.Combine(RuntimeDirectory, "control.socket");

    /// <summary>Its configuration.</summary>
    public string Configuration => Path.Combine(siteDirectory, "gateway.json");

    private string MarkFile => Path.Combine(siteDirectory, "gateway.process.json");

    /// <summary>Writes down which process it is, and what for.</summary>
    public void Save(SupervisorMark process, GatewayConfiguration configuration) =>
        File.WriteAllBytes(MarkFile, JsonSerializer.SerializeToUtf8Bytes(new Mark(process, HashOf(configuration)), FactoryJson.Options));

    /// <summary>Whether the gateway of an agent before this one runs and is set up alike; a free port that it took is as good as any.</summary>
    public bool IsRunning(GatewayConfiguration configuration) => Load() is { } mark && IsAlive(mark.Process) && mark.Configuration == HashOf(configuration);

    /// <summary>Waits for its end, and ends it where it does not end by itself.</summary>
    public async Task EndAsync(TimeSpan limit, TimeProvider clock)
    {
        if (Load() is not { } mark)
        {
            return;
        }

        var since = clock.GetTimestamp();
        while (IsAlive(mark.Process) && clock.GetElapsedTime(since) < limit)
        {
            await Task.Delay(_lookAgain, clock);
        }

        await ProcessTree.EndAsync(table => table.Entries.Where(entry => entry.Id == mark.Process.ProcessId && entry.StartTicks == mark.Process.StartTicks), clock);
        File.Delete(MarkFile);
    }

    private static bool IsAlive(SupervisorMark mark) => ProcessTable.Find(mark.ProcessId) is { IsAlive: true } entry && entry.StartTicks == mark.StartTicks;

    private static string HashOf(GatewayConfiguration configuration) => Convert.ToHexStringLower(SHA256.HashData(configuration.ToBytes()));

    private Mark? Load()
    {
        try
        {
            return JsonSerializer.Deserialize<Mark>(File.ReadAllBytes(MarkFile), FactoryJson.Options);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            // None has been here, or its agent died while it wrote.
            return null;
        }
    }

    private sealed record Mark(SupervisorMark Process, string Configuration);
}

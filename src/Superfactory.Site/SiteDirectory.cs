using System.Globalization;
using System.Text.Json;
using Superfactory.Model;

namespace Superfactory.Site;

/// <summary>What an agent keeps on disk, held against any other agent while it is open.</summary>
internal sealed class SiteDirectory : IDisposable
{
    /// <summary>The version of the state directory's layout that this program writes and reads.</summary>
    public const int Version = 1;

    /// <summary>Directories of ended gangs that are kept, for people who look for what went wrong.</summary>
    public const int EndedGangsMax = 20;

    private const string VersionFile = "VERSION";
    private const string LockFile = "agent.lock";
    private const string AgentFile = "agent.json";
    private const string Written = ".new";

    private readonly FileStream _lock;

    private SiteDirectory(string path, FileStream held, string session, bool leftOpen) => (Root, _lock, Session, PreviousDied) = (path, held, session, leftOpen);

    /// <summary>The site's own directory.</summary>
    public string Root { get; }

    /// <summary>Where gangs have their directories.</summary>
    public string Gangs => Path.Combine(Root, "gangs");

    /// <summary>Where checkpoints lie, those of a job in a directory of its number.</summary>
    public string Checkpoints => Path.Combine(Root, "checkpoints");

    /// <summary>
    /// Names the agent to the control plane: that of the one before it, where that one died. It is surely dead, since this directory was free, and what it ran
    /// is this one's now.
    /// </summary>
    public string Session { get; }

    /// <summary>Whether the agent before this one ended without saying goodbye, so that the control plane may still hold its session.</summary>
    public bool PreviousDied { get; }

    /// <summary>Opens the directory of a site, making what is missing.</summary>
    /// <param name="stateDirectory">The state directory.</param>
    /// <param name="site">The site.</param>
    /// <param name="newSession">A session that no agent has had.</param>
    /// <returns>The directory; or that it is of a newer version, or that another agent holds it, or that it cannot be written.</returns>
    public static Outcome<SiteDirectory> Open(string stateDirectory, string site, string newSession)
    {
        try
        {
            Directory.CreateDirectory(stateDirectory);
            if (CheckVersion(stateDirectory) is { } problem)
            {
                return new([problem]);
            }

            var root = Path.Combine(Path.GetFullPath(stateDirectory), "sites", site);
            Directory.CreateDirectory(Path.Combine(root, "gangs"));
            var agentFile = Path.Combine(root, AgentFile);
            if (Lock(Path.Combine(root, LockFile)) is not { } held)
            {
                var other = LoadAgent(agentFile) is { } mark ? $"Another agent, process {mark.ProcessId}, runs" : "Another agent runs";
                return new([new Problem($"{other} site '{site}' in {root}.", Hint: "Stop it first, or give this one another name or state directory.")]);
            }

            var before = LoadAgent(agentFile);
            var session = before?.Session ?? newSession;
            File.WriteAllBytes(agentFile + Written, JsonSerializer.SerializeToUtf8Bytes(new AgentMark(Environment.ProcessId, session), FactoryJson.Options));
            File.Move(agentFile + Written, agentFile, overwrite: true);
            return new(new SiteDirectory(root, held, session, before is not null));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new([new Problem($"The state directory cannot be used: {error.Message}", stateDirectory)]);
        }
    }

    /// <summary>Where a job's trainers at this site save what is to stay.</summary>
    public string Output(long job) => Path.Combine(Root, "output", job.ToString(CultureInfo.InvariantCulture));

    /// <summary>Deletes the oldest directories of ended gangs beyond <see cref="EndedGangsMax"/>. Call it while no other gang runs.</summary>
    /// <param name="running">The directories of gangs that run.</param>
    public void Trim(IReadOnlySet<string> running)
    {
        var oldest = new DirectoryInfo(Gangs).EnumerateDirectories().OrderByDescending(gang => gang.LastWriteTimeUtc).ThenBy(gang => gang.Name, StringComparer.Ordinal);
        foreach (var gang in oldest.Where(gang => !running.Contains(gang.FullName)).Skip(EndedGangsMax).ToList())
        {
            gang.Delete(recursive: true);
        }
    }

    /// <summary>Notes that this agent leaves in good order.</summary>
    public void Leave() => File.Delete(Path.Combine(Root, AgentFile));

    /// <summary>Lets the next agent in.</summary>
    public void Dispose() => _lock.Dispose();

    private static Problem? CheckVersion(string stateDirectory)
    {
        var file = Path.Combine(stateDirectory, VersionFile);
        if (!File.Exists(file))
        {
            // Written beside and moved: other agents and a control plane may start in the same new directory at the same time.
            var written = $"{file}.{Path.GetRandomFileName()}";
            File.WriteAllText(written, $"{Version}\n");
            File.Move(written, file, overwrite: true);
            return null;
        }

        var text = File.ReadAllText(file).Trim();
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var found))
        {
            return new Problem($"Expected the version of the state directory, found '{text}'.", file);
        }

        return found > Version
            ? new Problem($"The state directory has version {found}; this program reads up to version {Version}.", stateDirectory, Hint: "Use a newer superfactory, or another state directory.")
            : null;
    }

    private static FileStream? Lock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    private static AgentMark? LoadAgent(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<AgentMark>(File.ReadAllBytes(path), FactoryJson.Options);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            // No agent has been here, or it died while it wrote.
            return null;
        }
    }

    private sealed record AgentMark(int ProcessId, string? Session = null);
}

using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model;

namespace Superfactory.Sync.Bridge.Memory;

/// <summary>
/// Files beside an arena that carry a trainer's optimizer and attached state between processes of one machine.
/// What they hold is the client's own business.
/// </summary>
internal sealed class StateFiles : IDisposable
{
    /// <summary>
    /// Copies kept mapped although newer ones came: a copy may still be on its way to one peer while another peer asks for the next.
    /// Older ones are unmapped when nothing refers to them any more.
    /// </summary>
    private const int CopiesKeptMax = 2;

    private readonly string _arena;
    private readonly Queue<ReadOnlyMemory<byte>> _copies = new();
    private (long Round, string Path)? _saved;
    private int _steps;

    /// <summary>The files beside the arena at <paramref name="arena"/>.</summary>
    public StateFiles(string arena) => _arena = arena;

    /// <summary>Where the trainer is asked to write a copy of its state for a peer.</summary>
    public string CopyPath => _arena + ".copy";

    /// <summary>Where the trainer is asked to write a step that it takes.</summary>
    public string KeptPath => _arena + ".kept";

    private string PeerPath => _arena + ".peer";

    /// <summary>Takes the copy that the trainer wrote: maps it and removes its name.</summary>
    /// <param name="bytes">How long the trainer says that it is.</param>
    public Outcome<MappedCopy> TakeCopy(long bytes)
    {
        try
        {
            var file = MappedFile.OpenRead(CopyPath);
            File.Delete(CopyPath);
            if (file.Bytes != bytes || bytes > int.MaxValue)
            {
                file.Dispose();
                return Wrong($"The trainer's state copy has {file.Bytes} bytes; it said {bytes}, and at most {int.MaxValue} can be sent.");
            }

            var memory = (ReadOnlyMemory<byte>)new MappedMemory<byte>(file, 0, (int)bytes).Memory;
            _copies.Enqueue(memory);
            if (_copies.Count > CopiesKeptMax)
            {
                _copies.Dequeue();
            }

            return new(new MappedCopy(memory));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Wrong($"The trainer's state copy cannot be read: {error.Message}");
        }
    }

    /// <summary>Takes the step that the trainer wrote; null where it is not as long as the trainer says, or cannot be read: then nobody follows with it.</summary>
    public ReadOnlyMemory<byte>? TakeKept(long bytes)
    {
        try
        {
            var kept = File.ReadAllBytes(KeptPath);
            File.Delete(KeptPath);
            return kept.Length == bytes ? (ReadOnlyMemory<byte>?)kept : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Remembers a state that the trainer saved for its own restart.</summary>
    /// <param name="round">The round that it begins.</param>
    /// <param name="path">The file, one of the two beside the arena.</param>
    /// <returns>What is wrong with it; null where nothing is.</returns>
    public Problem? Remember(long round, string path)
    {
        if (path != SavedPath(0) && path != SavedPath(1))
        {
            return new($"The trainer saved its state as '{path}'; expected '{SavedPath(0)}' or '{SavedPath(1)}'.");
        }

        if (!File.Exists(path))
        {
            return new($"The trainer says that it saved its state as '{path}', and there is no such file.");
        }

        _saved = (round, path);
        return null;
    }

    /// <summary>The newest state that a trainer has saved, where it is for a round between two, both included; null where there is none.</summary>
    /// <param name="first">The first round.</param>
    /// <param name="last">The last.</param>
    public string? SavedFor(long first, long last) => _saved is { } saved && saved.Round >= first && saved.Round <= last && File.Exists(saved.Path) ? saved.Path : null;

    /// <summary>Writes a peer trainer's state where this island's trainer can load it.</summary>
    public string WritePeerState(ReadOnlyMemory<byte> state) => Write(PeerPath, state);

    /// <summary>Writes steps of a peer's trainer, one file for each, where this island's can take them.</summary>
    public ImmutableArray<string> WriteSteps(ImmutableArray<ReadOnlyMemory<byte>> steps)
    {
        _steps = Math.Max(_steps, steps.Length);
        return [.. steps.Select((step, index) => Write(StepPath(index), step))];
    }

    /// <summary>Writes what else belongs to the boundary after them.</summary>
    public string WriteRest(ReadOnlyMemory<byte> rest) => Write(_arena + ".rest", rest);

    /// <summary>Removes what the trainer has loaded of a peer's.</summary>
    public void ForgetPeerState()
    {
        File.Delete(PeerPath);
        File.Delete(_arena + ".rest");
        for (var index = 0; index < _steps; index++)
        {
            File.Delete(StepPath(index));
        }

        _steps = 0;
    }

    private string StepPath(int index) => string.Create(CultureInfo.InvariantCulture, $"{_arena}.step-{index}");

    private static string Write(string path, ReadOnlyMemory<byte> state)
    {
        using var file = OwnerOnly.Open(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 });
        file.Write(state.Span);
        return path;
    }

    /// <summary>Removes every file, also halves that a killed trainer was writing. Mapped copies go with whoever still uses them.</summary>
    public void Dispose()
    {
        foreach (var path in Directory.EnumerateFiles(Path.GetDirectoryName(_arena)!, Path.GetFileName(_arena) + "*"))
        {
            if (path != _arena)
            {
                File.Delete(path);
            }
        }
    }

    private static Outcome<MappedCopy> Wrong(string message) => new([new Problem(message)]);

    private string SavedPath(int place) => $"{_arena}.state-{place}";
}

/// <summary>A trainer's state as it lies in a mapped file.</summary>
/// <param name="State">The bytes.</param>
internal sealed record MappedCopy(ReadOnlyMemory<byte> State);

namespace Superfactory.Site.Data;

/// <summary>
/// Where a corpus is prepared: a hidden directory beside its final place, moved there once it is whole. Held by a lock file, so that
/// one process at a time prepares a corpus; what a killed one left behind is cleared by the next.
/// </summary>
internal sealed class CorpusPlace : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _final;
    private readonly string _next;
    private readonly string _previous;

    private CorpusPlace(FileStream @lock, string data, string name)
    {
        _lock = @lock;
        _final = Path.Combine(data, name);
        _next = Path.Combine(data, $".{name}.next");
        _previous = Path.Combine(data, $".{name}.previous");
    }

    /// <summary>Takes the lock; null where another process holds it.</summary>
    public static CorpusPlace? TryOpen(string data, string name)
    {
        FileStream taken;
        var path = Path.Combine(data, $".{name}.lock");
        try
        {
            taken = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }

        var place = new CorpusPlace(taken, data, name);
        place.Recover();
        return place;
    }

    /// <summary>An empty directory to write into; what an earlier attempt wrote is gone.</summary>
    public string BeginAttempt()
    {
        Remove(_next);
        Directory.CreateDirectory(_next);
        return _next;
    }

    /// <summary>Moves the attempt to the corpus's final place.</summary>
    public void Commit()
    {
        if (Directory.Exists(_final))
        {
            Directory.Move(_final, _previous);
        }

        Directory.Move(_next, _final);
        Remove(_previous);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Remove(_next);
        _lock.Dispose();
    }

    private void Recover()
    {
        Remove(_next);
        if (Directory.Exists(_previous) && !Directory.Exists(_final))
        {
            Directory.Move(_previous, _final);
        }

        Remove(_previous);
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}

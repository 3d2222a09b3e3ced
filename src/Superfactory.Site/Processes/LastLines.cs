namespace Superfactory.Site.Processes;

/// <summary>Keeps the last lines that a process wrote, for the sentence that says why it ended. Thread-safe.</summary>
internal sealed class LastLines
{
    /// <summary>A Python traceback's last call, the source line below it, and the error.</summary>
    private const int LinesMax = 3;

    /// <summary>Together at most 3 × 300 characters, so that the sentence stays one.</summary>
    private const int LineCharactersMax = 300;

    private readonly Queue<string> _lines = new();

    /// <summary>Takes the next line.</summary>
    public void Add(string line)
    {
        var trimmed = line.Trim();
        if (trimmed.Length == 0)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(trimmed.Length > LineCharactersMax ? $"{trimmed[..LineCharactersMax]}…" : trimmed);
            if (_lines.Count > LinesMax)
            {
                _lines.Dequeue();
            }
        }
    }

    /// <summary>The lines, joined by <c> / </c>; empty where there are none.</summary>
    public override string ToString()
    {
        lock (_lines)
        {
            return string.Join(" / ", _lines);
        }
    }
}

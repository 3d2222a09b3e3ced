using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Superfactory.Site.Interop;

/// <summary>The processes of this machine at one instant, as <c>/proc</c> shows them. Immutable; processes come and go behind it.</summary>
internal sealed class ProcessTable
{
    private readonly ImmutableArray<ProcessEntry> _entries;

    private ProcessTable(ImmutableArray<ProcessEntry> entries) => _entries = entries;

    /// <summary>Looks at every process of the machine.</summary>
    public static ProcessTable Read()
    {
        var entries = ImmutableArray.CreateBuilder<ProcessEntry>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Find(id) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return new ProcessTable(entries.ToImmutable());
    }

    /// <summary>Looks at one process.</summary>
    /// <returns>Null where there is none of that id.</returns>
    public static ProcessEntry? Find(int processId)
    {
        string text;
        try
        {
            text = File.ReadAllText($"/proc/{processId}/stat");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        // The second field is the program's name in parentheses and may hold anything, so that fields are counted from its end.
        var fields = text.AsSpan(text.LastIndexOf(')') + 2).ToString().Split(' ');
        return fields.Length < 20
            ? null
            : new ProcessEntry(processId, Number(fields[1]), Number(fields[3]), fields[0][0], long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    /// <summary>Whether a process's environment at its start held this variable with a value that begins so.</summary>
    public static bool EnvironmentHolds(int processId, string variable, string valueStart)
    {
        byte[] environment;
        try
        {
            environment = File.ReadAllBytes($"/proc/{processId}/environ");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended, or belongs to another user and is none of ours.
            return false;
        }

        var wanted = Encoding.UTF8.GetBytes($"{variable}={valueStart}");
        var rest = environment.AsSpan();
        while (!rest.IsEmpty)
        {
            if (rest.StartsWith(wanted))
            {
                return true;
            }

            var end = rest.IndexOf((byte)0);
            rest = end < 0 ? [] : rest[(end + 1)..];
        }

        return false;
    }

    /// <summary>Every process, in no particular order.</summary>
    public ImmutableArray<ProcessEntry> Entries => _entries;

    /// <summary>Children of a process and their children, to the last, without the process itself.</summary>
    /// <param name="root">The process.</param>
    /// <param name="except">Children that are left out together with all that descends from them.</param>
    public ImmutableArray<ProcessEntry> Descendants(int root, params int[] except)
    {
        var children = _entries.ToLookup(entry => entry.Parent);
        var found = ImmutableArray.CreateBuilder<ProcessEntry>();
        var open = new Stack<int>([root]);
        while (open.TryPop(out var parent))
        {
            foreach (var child in children[parent].Where(child => Array.IndexOf(except, child.Id) < 0))
            {
                found.Add(child);
                open.Push(child.Id);
            }
        }

        return found.ToImmutable();
    }

    private static int Number(string field) => int.Parse(field, CultureInfo.InvariantCulture);
}

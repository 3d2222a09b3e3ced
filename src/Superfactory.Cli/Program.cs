Console.WriteLine("superfactory");
